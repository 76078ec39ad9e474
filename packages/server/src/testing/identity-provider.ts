import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { freePort } from '@holdfast/engine/testing'
// @ts-expect-error: the package has no types of its own
import { Provider as UntypedProvider } from 'oidc-provider'

/** What the tests need of the package. */
interface Provider {
  callback(): (request: IncomingMessage, response: ServerResponse) => void
  readonly Grant: new (of: { readonly clientId: string; readonly accountId: string }) => Grant
}

interface Grant {
  addOIDCScope(scope: string): void
  save(): Promise<string>
}

interface GrantContext {
  readonly oidc: {
    readonly client: { readonly clientId: string }
    readonly session: { readonly accountId: string }
    readonly provider: Provider
  }
}

export const OIDC_CLIENT = { id: 'holdfast', secret: 'a secret of holdfast and the provider' } as const

/** A real OpenID Connect provider on this machine, whose people sign in with any password. */
export interface TestIdentityProvider {
  readonly issuer: string
  /** What each person is called; the subject if it is not in here. Tests may change it. */
  readonly usernames: Map<string, string>
  /** Goes where a browser was sent, signs in there, and gives the URL that it is sent back to. */
  signIn(url: string, subject: string): Promise<URL>
  stop(): Promise<void>
}

/** Starts a provider that sends people back to `redirectUri`. */
export async function startIdentityProvider(redirectUri: string): Promise<TestIdentityProvider> {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const usernames = new Map<string, string>()
  const provider = new (UntypedProvider as new (issuer: string, options: object) => Provider)(issuer, {
    clients: [{ client_id: OIDC_CLIENT.id, client_secret: OIDC_CLIENT.secret, redirect_uris: [redirectUri] }],
    claims: { openid: ['sub'], profile: ['preferred_username'], email: ['email'] },
    cookies: { keys: ['signs cookies'] },
    ttl: { Interaction: 600, Grant: 600, Session: 600, AccessToken: 600, IdToken: 600 },
    findAccount: (_: unknown, subject: string) => ({
      accountId: subject,
      claims: async () => ({ sub: subject, preferred_username: usernames.get(subject) ?? subject }),
    }),
    loadExistingGrant: grantEverything,
  })
  const server = createServer(provider.callback()).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    issuer,
    usernames,
    signIn: (url, subject) => walk(new URL(url), { issuer, subject }),
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function grantEverything({ oidc }: GrantContext): Promise<Grant> {
  const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
  grant.addOIDCScope('openid profile email')
  await grant.save()
  return grant
}

/** What a browser does: follows redirects with its cookies, and fills in the form. */
async function walk(start: URL, { issuer, subject }: { readonly issuer: string; readonly subject: string }): Promise<URL> {
  const cookies = new Map<string, string>()
  let url = start
  let form: URLSearchParams | undefined
  for (let step = 0; step < 10; step++) {
    if (url.origin !== issuer) return url
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const post: RequestInit = form === undefined ? {} : { method: 'POST', body: form }
    const response = await fetch(url, { redirect: 'manual', headers: { cookie }, ...post })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const location = response.headers.get('location')
    if (location === null && !url.pathname.startsWith('/interaction/')) throw new Error(`${url}: ${await response.text()}`)
    form = location === null ? new URLSearchParams({ prompt: 'login', login: subject, password: 'any' }) : undefined
    if (location !== null) url = new URL(location, url)
  }
  throw new Error(`no way back from ${start}`)
}
