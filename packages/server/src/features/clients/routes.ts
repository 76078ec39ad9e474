import {
  changeClientSchema,
  clientLogPageSchema,
  clientLogQuerySchema,
  clientPageSchema,
  clientQuerySchema,
  clientSchema,
  clientTokenSchema,
  enrolmentSchema,
  idTextSchema,
  newClientSchema,
  problemSchema,
} from '@holdfast/protocol'
import { z } from 'zod'
import { MANAGE, READ } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { originOf } from '../audit/audit.ts'
import type { AgentTokens } from './agent-tokens.ts'
import type { ClientLogs } from './client-logs.ts'
import type { Clients } from './clients.ts'
import type { Enrolments } from './enrolment.ts'

const TAGS = ['clients']
const byId = z.object({ id: idTextSchema })
const removeQuery = z.object({ withSnapshots: z.enum(['true', 'false']).default('false') })
const problems = { 403: problemSchema, 404: problemSchema, 409: problemSchema, 422: problemSchema }

export interface ClientRouteOptions {
  readonly clients: Clients
  readonly enrolments: Enrolments
  readonly agentTokens: AgentTokens
  readonly clientLogs: ClientLogs
}

/** Machines, how they come in, and what they say. */
export function clientRoutes(app: App, options: ClientRouteOptions): void {
  resourceRoutes(app, options)
  changeRoutes(app, options)
  tokenRoutes(app, options)
  rotationRoute(app, options)
  app.route({
    method: 'GET',
    url: '/api/v1/clients/:id/logs',
    config: { access: READ },
    schema: {
      tags: TAGS,
      summary: 'What a client said, newest first',
      params: byId,
      querystring: clientLogQuerySchema,
      response: { 200: clientLogPageSchema, ...problems },
    },
    handler: async (request) => {
      await options.clients.visible(userOf(request), request.params.id)
      return options.clientLogs.list(request.params.id, request.query)
    },
  })
}

function resourceRoutes(app: App, { clients }: ClientRouteOptions): void {
  app.route({
    method: 'GET',
    url: '/api/v1/clients',
    config: { access: READ },
    schema: {
      tags: TAGS,
      summary: 'Clients that you may see',
      querystring: clientQuerySchema,
      response: { 200: clientPageSchema, ...problems },
    },
    handler: (request) => clients.list(userOf(request), request.query),
  })
  app.route({
    method: 'POST',
    url: '/api/v1/clients',
    config: { access: MANAGE },
    schema: { tags: TAGS, summary: 'Add a client', body: newClientSchema, response: { 201: clientSchema, ...problems } },
    handler: async (request, reply) => reply.status(201).send(await clients.create(userOf(request), request.body, originOf(request))),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/clients/:id',
    config: { access: READ },
    schema: { tags: TAGS, summary: 'A client', params: byId, response: { 200: clientSchema, ...problems } },
    handler: (request) => clients.get(userOf(request), request.params.id),
  })
}

function changeRoutes(app: App, { clients }: ClientRouteOptions): void {
  app.route({
    method: 'PATCH',
    url: '/api/v1/clients/:id',
    config: { access: MANAGE },
    schema: {
      tags: TAGS,
      summary: 'Change a client',
      params: byId,
      body: changeClientSchema,
      response: { 200: clientSchema, ...problems },
    },
    handler: (request) => clients.change(userOf(request), { id: request.params.id, changes: request.body }, originOf(request)),
  })
  app.route({
    method: 'DELETE',
    url: '/api/v1/clients/:id',
    config: { access: MANAGE },
    schema: { tags: TAGS, summary: 'Remove a client', params: byId, querystring: removeQuery, response: { 204: z.null(), ...problems } },
    handler: async (request, reply) => {
      const withSnapshots = request.query.withSnapshots === 'true'
      await clients.remove(userOf(request), { id: request.params.id, withSnapshots }, originOf(request))
      return reply.status(204).send(null)
    },
  })
}

function tokenRoutes(app: App, { clients, enrolments }: ClientRouteOptions): void {
  app.route({
    method: 'POST',
    url: '/api/v1/clients/:id/enrolment',
    config: { access: MANAGE },
    schema: {
      tags: TAGS,
      summary: 'Make a one-time code that brings an agent in',
      params: byId,
      response: { 201: enrolmentSchema, ...problems },
    },
    handler: async (request, reply) => {
      const url = `${request.protocol}://${request.host}`
      return reply.status(201).send(await enrolments.createCode(userOf(request), { clientId: request.params.id, url }, originOf(request)))
    },
  })
  app.route({
    method: 'POST',
    url: '/api/v1/clients/:id/token',
    config: { access: MANAGE },
    schema: {
      tags: TAGS,
      summary: 'Give a client a new token; the old one ends',
      params: byId,
      response: { 201: clientTokenSchema, ...problems },
    },
    handler: async (request, reply) => {
      const client = await clients.visible(userOf(request), request.params.id)
      return reply.status(201).send({ token: await enrolments.rotate(client, originOf(request)) })
    },
  })
  app.route({
    method: 'DELETE',
    url: '/api/v1/clients/:id/token',
    config: { access: MANAGE },
    schema: { tags: TAGS, summary: 'End the token of a client', params: byId, response: { 204: z.null(), ...problems } },
    handler: async (request, reply) => {
      await enrolments.revoke(userOf(request), request.params.id, originOf(request))
      return reply.status(204).send(null)
    },
  })
}

function rotationRoute(app: App, { agentTokens }: ClientRouteOptions): void {
  app.route({
    method: 'POST',
    url: '/api/v1/clients/:id/token/rotation',
    config: { access: MANAGE },
    schema: {
      tags: TAGS,
      summary: 'Have the agent of a client replace its token by itself, as soon as it is heard of and at no work',
      params: byId,
      response: { 204: z.null(), ...problems },
    },
    handler: async (request, reply) => {
      await agentTokens.request(userOf(request), request.params.id, originOf(request))
      return reply.status(204).send(null)
    },
  })
}
