import { systemClock } from '@holdfast/engine'
import { ManualClock } from '@holdfast/engine/testing'
import type { LightMyRequestResponse } from 'fastify'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadSettings, type Settings } from '../../config/settings.ts'
import { OIDC_CLIENT, startIdentityProvider, type TestIdentityProvider } from '../../testing/identity-provider.ts'
import { allDatabases, TEST_PASSWORD, TestServer } from '../../testing/test-server.ts'
import { identityProviderSettings } from './identity-provider.ts'

const PUBLIC_URL = 'https://backup.example.org'
const CALLBACK = '/api/v1/single-sign-on/callback'

let provider: TestIdentityProvider
beforeAll(async () => {
  provider = await startIdentityProvider(PUBLIC_URL + CALLBACK)
})
afterAll(() => provider.stop())

type Headers = Readonly<Record<string, string>>

for (const databases of allDatabases()) {
  describe(`single sign-on on ${databases.name}`, () => {
    let server: TestServer
    let clock: ManualClock
    beforeEach(async () => {
      server = await start({ oidcNewUserRole: '' })
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    async function start(settings: Partial<Settings>): Promise<TestServer> {
      clock = new ManualClock(systemClock.now())
      const databaseUrl = await databases.create()
      const oidc = { oidcIssuer: provider.issuer, oidcClientId: OIDC_CLIENT.id, oidcClientSecret: OIDC_CLIENT.secret }
      return TestServer.start({
        clock,
        settings: { publicUrl: PUBLIC_URL, ...oidc, ...settings },
        databaseUrl,
      })
    }

    /** All the way: to the provider, through it as somebody, and back. */
    async function signIn(subject: string, query = '', headers: Headers = {}): Promise<LightMyRequestResponse> {
      const begun = await server.request(`GET /api/v1/single-sign-on${query}`)
      expect(begun.statusCode, begun.body).toBe(302)
      const back = await provider.signIn(begun.headers.location ?? '', subject)
      expect(back.href).toContain(PUBLIC_URL + CALLBACK)
      return comeBack(back, begun, headers)
    }

    function comeBack(back: URL, begun: LightMyRequestResponse, headers: Headers = {}): Promise<LightMyRequestResponse> {
      const cookie = begun.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
      return server.request(`GET ${back.pathname}${back.search}`, { headers: { cookie, ...headers } })
    }

    async function me(reply: LightMyRequestResponse): Promise<{ readonly username: string; readonly role: string }> {
      expect(reply.statusCode, reply.body).toBe(200)
      const token = reply.cookies.find(({ name }) => name === 'holdfast_session')?.value ?? ''
      return (await server.request('GET /api/v1/me', { token })).json()
    }

    it('lets in who was announced without a password, and knows them by more than the name afterwards', async () => {
      const ann = { username: 'ann', role: 'operator', retention: null } as const
      await server.services.accounts.create(ann, { actor: 'server', address: '' })
      expect((await server.request('GET /api/v1/sign-in-methods')).json()).toEqual({ singleSignOn: { name: 'single sign-on' } })
      provider.usernames.set('subject-1', 'ann')
      const reply = await signIn('subject-1', '?returnTo=/clients?a=1%26b=2')
      expect(await me(reply)).toMatchObject({ username: 'ann', role: 'operator', hasSingleSignOn: true, hasPassword: false })
      expect(reply.body).toContain('url=/clients?a=1&amp;b=2"')
      expect(reply.headers['content-type']).toContain('text/html')
      provider.usernames.set('subject-1', 'renamed')
      expect(await me(await signIn('subject-1'))).toMatchObject({ username: 'ann' })
      provider.usernames.set('subject-2', 'ann')
      const other = await signIn('subject-2')
      expect([other.statusCode, other.json().code]).toEqual([401, 'auth.failed'])
    })

    it('refuses strangers, those whose name a user with a password has, and the disabled', async () => {
      await server.addUser('root', 'admin')
      expect((await signIn('stranger')).statusCode).toBe(401)
      expect((await signIn('root')).json().detail).toContain('not tied')
      const page = await signIn('root', '', { accept: 'text/html,*/*' })
      expect([page.statusCode, page.headers.location]).toEqual([302, '/sign-in?singleSignOn=refused'])
      const ann = await server.services.accounts.create(
        { username: 'ann', role: 'viewer', retention: null },
        { actor: 'server', address: '' },
      )
      expect((await signIn('ann')).statusCode).toBe(200)
      await server.request(`PATCH /api/v1/users/${ann.id}`, { as: 'root', body: { isDisabled: true } })
      expect((await signIn('ann')).json().detail).toContain('disabled')
      provider.usernames.set('odd', 'not a user name')
      expect((await signIn('odd')).json().detail).toContain('no name')
      const log = (await server.request('GET /api/v1/audit?action=sign-in', { as: 'root' })).json().entries
      expect(log.map(({ actor }: { readonly actor: string }) => actor)).toEqual(
        ['not a user name', 'ann', 'root', 'root', 'stranger'].map((who) => `nobody (${who})`),
      )
      const elsewhere = await server.request('GET /api/v1/single-sign-on?returnTo=//elsewhere.example')
      expect(elsewhere.statusCode).toBe(422)
    })

    it('makes users of strangers when it shall', async () => {
      await server[Symbol.asyncDispose]()
      server = await start({ oidcNewUserRole: 'viewer' })
      expect(await me(await signIn('newcomer'))).toMatchObject({ username: 'newcomer', role: 'viewer' })
      expect(await me(await signIn('newcomer'))).toMatchObject({ username: 'newcomer' })
      expect(await server.services.accounts.list()).toHaveLength(1)
    })

    it('ties an account to a user with a password, who confirms it, until the tie is ended', async () => {
      await server.addUser('ann', 'operator')
      const tie = (password: string): Promise<LightMyRequestResponse> =>
        server.request('POST /api/v1/me/single-sign-on', { as: 'ann', body: { password } })
      expect((await tie('wrong')).json().code).toBe('auth.failed')
      const begun = await tie(TEST_PASSWORD)
      expect(begun.statusCode, begun.body).toBe(200)
      const back = await provider.signIn(begun.json().url, 'someone at work')
      expect(await me(await comeBack(back, begun))).toMatchObject({ username: 'ann', hasSingleSignOn: true })
      expect(await me(await signIn('someone at work'))).toMatchObject({ username: 'ann' })
      expect((await server.request('DELETE /api/v1/me/single-sign-on', { as: 'ann' })).statusCode).toBe(204)
      expect((await signIn('someone at work')).statusCode).toBe(401)
    })

    it('takes an answer only from the browser that asked, only to what it asked, soon, and only once', async () => {
      await server.services.accounts.create({ username: 'eve', role: 'viewer', retention: null }, { actor: 'server', address: '' })
      const [begun, other] = [await server.request('GET /api/v1/single-sign-on'), await server.request('GET /api/v1/single-sign-on')]
      const back = await provider.signIn(begun.headers.location ?? '', 'eve')
      const refused = async (reply: Promise<LightMyRequestResponse>): Promise<void> => {
        const { statusCode, body, cookies } = await reply
        expect([statusCode, JSON.parse(body).code, cookies]).toEqual([401, 'auth.failed', []])
      }
      await refused(server.request(`GET ${back.pathname}${back.search}`))
      await refused(comeBack(back, other))
      await refused(server.request(`GET ${back.pathname}${back.search}`, { headers: { cookie: 'holdfast_sign_in=v1.nonsense.x' } }))
      await refused(server.request(`GET ${back.pathname}`, { headers: { cookie: begun.headers['set-cookie'] as string } }))
      const denied = new URL(back)
      denied.search = new URLSearchParams({
        error: 'access_denied',
        state: back.searchParams.get('state') ?? '',
        iss: provider.issuer,
      }).toString()
      await refused(comeBack(denied, begun))
      const late = await provider.signIn(other.headers.location ?? '', 'eve')
      expect((await comeBack(back, begun)).statusCode).toBe(200)
      await refused(comeBack(back, begun))
      clock.advance(601_000)
      await refused(comeBack(late, other))
    })
  })
}

describe('a server', () => {
  const settings = loadSettings({ environment: {}, folder: '/nowhere' })

  it('without a provider says so', async () => {
    await using server = await TestServer.start()
    expect((await server.request('GET /api/v1/sign-in-methods')).json()).toEqual({ singleSignOn: null })
    expect((await server.request('GET /api/v1/single-sign-on')).statusCode).toBe(404)
  })

  it('whose provider is away says that', async () => {
    const oidc = { oidcIssuer: 'http://127.0.0.1:9/', oidcClientId: 'a', oidcClientSecret: 'b' }
    await using server = await TestServer.start({ settings: oidc })
    const reply = await server.request('GET /api/v1/single-sign-on')
    expect([reply.statusCode, reply.json().code]).toEqual([503, 'server.unavailable'])
    const page = await server.request('GET /api/v1/single-sign-on', { headers: { accept: 'text/html' } })
    expect([page.statusCode, page.headers.location]).toEqual([302, '/sign-in?singleSignOn=unavailable'])
  })

  it.each([
    [{ oidcIssuer: 'http://provider.example/' }, /no https/],
    [{ oidcIssuer: 'provider' }, /no https/],
    [{ oidcIssuer: 'https://provider.example/', oidcClientId: 'a' }, /oidcClientSecret/],
    [{ oidcIssuer: 'https://provider.example/', oidcClientId: 'a', oidcClientSecret: 'b', oidcNewUserRole: 'king' }, /oidcNewUserRole/],
  ])('does not start with %j', (odd, message) => {
    expect(() => identityProviderSettings({ ...settings, ...odd })).toThrow(message)
  })
})
