import { messageOf, secureRandom } from '@holdfast/engine'
import { type Role, roleSchema } from '@holdfast/protocol'
import * as oidc from 'openid-client'
import type { Settings } from '../../config/settings.ts'
import { ServerError } from '../../errors.ts'

const TIMEOUT_SECONDS = 10
const RANDOM_BYTES = 32

/** Who people may sign in with besides passwords. */
export interface IdentityProviderSettings {
  readonly issuer: URL
  readonly clientId: string
  readonly clientSecret: string
  readonly name: string
  readonly usernameClaim: string
  /** The role of people whom the provider knows and the server does not; undefined: they are refused. */
  readonly newUserRole: Role | undefined
}

/** What ties the answer of the provider to the question. Kept by the browser, sealed. */
export interface Question {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly redirectUri: string
}

/** Whom the provider vouches for. */
export interface Identity {
  /** Of issuer and subject: nobody else ever has it. */
  readonly subject: string
  /** The name that the provider has for the person; undefined when it tells none. People may be able to change it. */
  readonly username: string | undefined
}

/** @throws {ServerError} `settings.invalid`; gives undefined when no provider is set. */
export function identityProviderSettings(settings: Settings): IdentityProviderSettings | undefined {
  const { oidcIssuer, oidcClientId, oidcClientSecret, oidcName, oidcUsernameClaim, oidcNewUserRole } = settings
  if (oidcIssuer === '') return undefined
  const issuer = URL.canParse(oidcIssuer) ? new URL(oidcIssuer) : undefined
  if (issuer === undefined || !(issuer.protocol === 'https:' || isLoopback(issuer))) {
    throw new ServerError('settings.invalid', 'Cannot use oidcIssuer: it is no https: URL')
  }
  if (oidcClientId === '' || oidcClientSecret === '') {
    throw new ServerError('settings.invalid', 'Cannot use oidcIssuer: oidcClientId and oidcClientSecret must be set too')
  }
  const role = roleSchema.safeParse(oidcNewUserRole)
  if (oidcNewUserRole !== '' && !role.success) {
    throw new ServerError('settings.invalid', 'Cannot use oidcNewUserRole: it is none of viewer, operator and admin')
  }
  const names = { name: oidcName, usernameClaim: oidcUsernameClaim }
  return { issuer, clientId: oidcClientId, clientSecret: oidcClientSecret, ...names, newUserRole: role.data }
}

/** An OpenID Connect provider: the authorization code flow with PKCE; state, nonce and the signature of the ID token are checked. */
export class IdentityProvider {
  readonly settings: IdentityProviderSettings
  #configuration: Promise<oidc.Configuration> | undefined

  constructor(settings: IdentityProviderSettings) {
    this.settings = settings
  }

  /** Where to send the browser, and what to remember until it is back. @throws {ServerError} `server.unavailable` */
  async ask(redirectUri: string): Promise<{ readonly url: string; readonly question: Question }> {
    const configuration = await this.#discover()
    const question = { state: draw(), nonce: draw(), verifier: draw(), redirectUri }
    const url = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: 'openid profile email',
      state: question.state,
      nonce: question.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(question.verifier),
      code_challenge_method: 'S256',
    })
    return { url: url.href, question }
  }

  /**
   * Whom the provider vouches for in its answer to a question.
   * @param query that the browser came back with
   * @throws {ServerError} `auth.failed` when it vouches for nobody, or this is no answer to that question; `server.unavailable`.
   */
  async answer(query: string, question: Question): Promise<Identity> {
    const configuration = await this.#discover()
    const { settings } = this
    try {
      const tokens = await oidc.authorizationCodeGrant(configuration, new URL(`${question.redirectUri}?${query}`), {
        expectedState: question.state,
        expectedNonce: question.nonce,
        pkceCodeVerifier: question.verifier,
        idTokenExpected: true,
      })
      const claims = tokens.claims()
      if (claims === undefined) throw new ServerError('auth.failed', 'Cannot sign in: the identity provider vouches for nobody')
      const told = claims[settings.usernameClaim] ?? (await this.#askForName(configuration, tokens.access_token, claims.sub))
      return { subject: `${claims.iss} ${claims.sub}`, username: typeof told === 'string' ? told : undefined }
    } catch (error) {
      throw failureOf(error)
    }
  }

  async #askForName(configuration: oidc.Configuration, accessToken: string, subject: string): Promise<unknown> {
    if (configuration.serverMetadata().userinfo_endpoint === undefined) return undefined
    return (await oidc.fetchUserInfo(configuration, accessToken, subject))[this.settings.usernameClaim]
  }

  /** Learns once what the provider can do; a provider that is away is asked again the next time. */
  #discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.settings
    const execute = [oidc.enableNonRepudiationChecks, ...(isLoopback(issuer) ? [oidc.allowInsecureRequests] : [])]
    this.#configuration ??= oidc
      .discovery(issuer, clientId, clientSecret, undefined, { execute, timeout: TIMEOUT_SECONDS })
      .catch((cause: unknown) => {
        this.#configuration = undefined
        throw new ServerError('server.unavailable', 'Cannot sign in: the identity provider cannot be reached', { cause })
      })
    return this.#configuration
  }
}

/** What went wrong on the way to the provider is nobody's fault who signs in; anything else is no proof of who they are. */
function failureOf(error: unknown): ServerError {
  if (error instanceof ServerError) return error
  if (error instanceof oidc.AuthorizationResponseError) {
    return new ServerError('auth.failed', `Cannot sign in: the identity provider says ${JSON.stringify(error.error).slice(0, 100)}`)
  }
  const isAway = (error instanceof TypeError && error.message === 'fetch failed') || (isCoded(error) && error.code === 'OAUTH_TIMEOUT')
  if (isAway) return new ServerError('server.unavailable', 'Cannot sign in: the identity provider cannot be reached', { cause: error })
  return new ServerError('auth.failed', `Cannot sign in: the answer of the identity provider is not valid (${messageOf(error)})`, {
    cause: error,
  })
}

function isCoded(error: unknown): error is { readonly code: unknown } {
  return typeof error === 'object' && error !== null && 'code' in error
}

function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && (hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.'))
}

function draw(): string {
  return secureRandom(RANDOM_BYTES).toString('base64url')
}
