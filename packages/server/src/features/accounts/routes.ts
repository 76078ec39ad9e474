import { changeUserSchema, idTextSchema, loginSchema, newUserSchema, problemSchema, userSchema } from '@holdfast/protocol'
import { z } from 'zod'
import { ADMIN, OWN_ACCOUNT, PUBLIC } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { originOf } from '../audit/audit.ts'
import type { Accounts } from './accounts.ts'
import type { ApiTokens } from './api-tokens.ts'
import { ownAccountRoutes } from './own-account-routes.ts'
import type { SecondFactors } from './second-factor.ts'
import { secondFactorRoutes } from './second-factor-routes.ts'
import { endSessionCookie, setSessionCookie, visitorOf } from './session-cookie.ts'
import type { Sessions } from './sessions.ts'
import type { SignIn } from './sign-in.ts'
import type { SingleSignOn } from './single-sign-on.ts'
import { singleSignOnRoutes } from './single-sign-on-routes.ts'

const tags = ['accounts']
const byId = z.object({ id: idTextSchema })
const problems = { 404: problemSchema, 409: problemSchema, 422: problemSchema }

export interface AccountRouteOptions {
  readonly accounts: Accounts
  readonly apiTokens: ApiTokens
  readonly secondFactors: SecondFactors
  readonly sessions: Sessions
  readonly signIn: SignIn
  readonly singleSignOn: SingleSignOn
  /** Where browsers reach the server; empty: where a request says. */
  readonly publicUrl: string
}

/** Signing in and out, users, and what users do with their own accounts. */
export function accountRoutes(app: App, options: AccountRouteOptions): void {
  signInRoutes(app, options)
  userRoutes(app, options)
  userChangeRoutes(app, options)
  ownAccountRoutes(app, options)
  secondFactorRoutes(app, options)
  singleSignOnRoutes(app, options)
}

function signInRoutes(app: App, { accounts, sessions }: AccountRouteOptions): void {
  app.route({
    method: 'POST',
    url: '/api/v1/session',
    config: { access: PUBLIC },
    schema: { tags, summary: 'Sign in', body: loginSchema, response: { 200: userSchema, 401: problemSchema, 429: problemSchema } },
    handler: async (request, reply) => {
      const { token, user } = await accounts.login(request.body, visitorOf(request))
      setSessionCookie(request, reply, token)
      return user
    },
  })
  app.route({
    method: 'DELETE',
    url: '/api/v1/session',
    config: { access: OWN_ACCOUNT },
    schema: { tags, summary: 'Sign out', response: { 204: z.null() } },
    handler: async (request, reply) => {
      await sessions.endCurrent(userOf(request), originOf(request))
      endSessionCookie(request, reply)
      return reply.status(204).send(null)
    },
  })
}

function userRoutes(app: App, { accounts }: AccountRouteOptions): void {
  app.route({
    method: 'GET',
    url: '/api/v1/users',
    config: { access: ADMIN },
    schema: { tags, summary: 'All users', response: { 200: z.array(userSchema) } },
    handler: () => accounts.list(),
  })
  app.route({
    method: 'POST',
    url: '/api/v1/users',
    config: { access: ADMIN },
    schema: { tags, summary: 'Add a user', body: newUserSchema, response: { 201: userSchema, 409: problemSchema, 422: problemSchema } },
    handler: async (request, reply) => reply.status(201).send(await accounts.create(request.body, originOf(request))),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/users/:id',
    config: { access: ADMIN },
    schema: { tags, summary: 'A user', params: byId, response: { 200: userSchema, ...problems } },
    handler: (request) => accounts.get(request.params.id),
  })
}

function userChangeRoutes(app: App, { accounts, sessions }: AccountRouteOptions): void {
  app.route({
    method: 'PATCH',
    url: '/api/v1/users/:id',
    config: { access: ADMIN },
    schema: { tags, summary: 'Change a user', params: byId, body: changeUserSchema, response: { 200: userSchema, ...problems } },
    handler: (request) => accounts.change(request.params.id, request.body, originOf(request)),
  })
  app.route({
    method: 'DELETE',
    url: '/api/v1/users/:id',
    config: { access: ADMIN },
    schema: { tags, summary: 'Remove a user who owns no clients', params: byId, response: { 204: z.null(), ...problems } },
    handler: async (request, reply) => {
      await accounts.remove(request.params.id, originOf(request))
      return reply.status(204).send(null)
    },
  })
  app.route({
    method: 'DELETE',
    url: '/api/v1/users/:id/sessions',
    config: { access: ADMIN },
    schema: { tags, summary: 'Sign a user out everywhere', params: byId, response: { 204: z.null(), ...problems } },
    handler: async (request, reply) => {
      const { id } = await accounts.get(request.params.id)
      await sessions.endAll(id, { origin: originOf(request) })
      return reply.status(204).send(null)
    },
  })
}
