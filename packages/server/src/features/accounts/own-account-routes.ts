import {
  apiTokenSchema,
  changeMeSchema,
  changePasswordSchema,
  createdApiTokenSchema,
  idTextSchema,
  newApiTokenSchema,
  problemSchema,
  sessionSchema,
  userSchema,
} from '@holdfast/protocol'
import { z } from 'zod'
import { MANAGE, OWN_ACCOUNT, READ } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { originOf } from '../audit/audit.ts'
import type { Accounts } from './accounts.ts'
import type { ApiTokens } from './api-tokens.ts'
import type { Sessions } from './sessions.ts'

const tags = ['accounts']
const byId = z.object({ id: idTextSchema })
const problems = { 401: problemSchema, 403: problemSchema, 404: problemSchema, 409: problemSchema, 422: problemSchema, 429: problemSchema }

export interface OwnAccountRouteOptions {
  readonly accounts: Accounts
  readonly apiTokens: ApiTokens
  readonly sessions: Sessions
}

/** What users do with their own account: password, sessions, tokens. */
export function ownAccountRoutes(app: App, options: OwnAccountRouteOptions): void {
  meRoutes(app, options)
  sessionRoutes(app, options)
  apiTokenRoutes(app, options)
}

function meRoutes(app: App, { accounts }: OwnAccountRouteOptions): void {
  app.route({
    method: 'GET',
    url: '/api/v1/me',
    config: { access: READ },
    schema: { tags, summary: 'Who is signed in', response: { 200: userSchema } },
    handler: (request) => accounts.get(userOf(request).userId),
  })
  app.route({
    method: 'PATCH',
    url: '/api/v1/me',
    config: { access: MANAGE },
    schema: {
      tags,
      summary: 'Change what counts for one’s own clients that have no retention of their own',
      body: changeMeSchema,
      response: { 200: userSchema, ...problems },
    },
    handler: (request) => accounts.change(userOf(request).userId, request.body, originOf(request)),
  })
  app.route({
    method: 'PUT',
    url: '/api/v1/me/password',
    config: { access: OWN_ACCOUNT },
    schema: {
      tags,
      summary: 'Change one’s own password; other sessions end',
      body: changePasswordSchema,
      response: { 204: z.null(), ...problems },
    },
    handler: async (request, reply) => {
      await accounts.changePassword(userOf(request), request.body, originOf(request))
      return reply.status(204).send(null)
    },
  })
}

function sessionRoutes(app: App, { sessions }: OwnAccountRouteOptions): void {
  app.route({
    method: 'GET',
    url: '/api/v1/me/sessions',
    config: { access: OWN_ACCOUNT },
    schema: { tags, summary: 'Where one is signed in', response: { 200: z.array(sessionSchema) } },
    handler: (request) => sessions.list(userOf(request)),
  })
  app.route({
    method: 'DELETE',
    url: '/api/v1/me/sessions',
    config: { access: OWN_ACCOUNT },
    schema: { tags, summary: 'End all other sessions of one’s own', response: { 204: z.null() } },
    handler: async (request, reply) => {
      const { userId, sessionId } = userOf(request)
      await sessions.endAll(userId, { except: sessionId, origin: originOf(request) })
      return reply.status(204).send(null)
    },
  })
  app.route({
    method: 'DELETE',
    url: '/api/v1/me/sessions/:id',
    config: { access: OWN_ACCOUNT },
    schema: { tags, summary: 'End a session of one’s own', params: byId, response: { 204: z.null(), ...problems } },
    handler: async (request, reply) => {
      await sessions.end(userOf(request), request.params.id, originOf(request))
      return reply.status(204).send(null)
    },
  })
}

function apiTokenRoutes(app: App, { apiTokens }: OwnAccountRouteOptions): void {
  app.route({
    method: 'GET',
    url: '/api/v1/me/tokens',
    config: { access: OWN_ACCOUNT },
    schema: { tags, summary: 'API tokens of one’s own', response: { 200: z.array(apiTokenSchema) } },
    handler: (request) => apiTokens.list(userOf(request)),
  })
  app.route({
    method: 'POST',
    url: '/api/v1/me/tokens',
    config: { access: OWN_ACCOUNT },
    schema: {
      tags,
      summary: 'Make an API token; it is told only now',
      body: newApiTokenSchema,
      response: { 201: createdApiTokenSchema, ...problems },
    },
    handler: async (request, reply) => reply.status(201).send(await apiTokens.create(userOf(request), request.body, originOf(request))),
  })
  app.route({
    method: 'DELETE',
    url: '/api/v1/me/tokens/:id',
    config: { access: OWN_ACCOUNT },
    schema: { tags, summary: 'End an API token of one’s own', params: byId, response: { 204: z.null(), ...problems } },
    handler: async (request, reply) => {
      await apiTokens.revoke(userOf(request), request.params.id, originOf(request))
      return reply.status(204).send(null)
    },
  })
}
