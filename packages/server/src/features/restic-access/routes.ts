import { grantResticAccessSchema, idTextSchema, problemSchema, resticAccessSchema, resticPasswordSchema } from '@holdfast/protocol'
import { z } from 'zod'
import { ADMIN, MANAGE, READ } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { originOf } from '../audit/audit.ts'
import type { ResticAccess } from './restic-access.ts'

const tags = ['clients']
const byClient = z.object({ id: idTextSchema })
const byPair = z.object({ id: idTextSchema, repositoryId: idTextSchema })
const problems = { 403: problemSchema, 404: problemSchema, 422: problemSchema }

/** Who may use restic's own protocol, where, and with what password. */
export function resticAccessRoutes(app: App, { resticAccess }: { readonly resticAccess: ResticAccess }): void {
  app.route({
    method: 'GET',
    url: '/api/v1/clients/:id/restic',
    config: { access: READ },
    schema: {
      tags,
      summary: 'Repositories that a client may use by restic itself',
      params: byClient,
      response: { 200: resticAccessSchema, ...problems },
    },
    handler: (request) => resticAccess.get(userOf(request), request.params.id),
  })
  passwordRoutes(app, resticAccess)
  grantRoutes(app, resticAccess)
}

function passwordRoutes(app: App, resticAccess: ResticAccess): void {
  const url = '/api/v1/clients/:id/restic/password'
  app.route({
    method: 'POST',
    url,
    config: { access: MANAGE },
    schema: {
      tags,
      summary: 'Give a client a new password for restic; the old one ends',
      params: byClient,
      response: { 201: resticPasswordSchema, ...problems },
    },
    handler: async (request, reply) => {
      return reply.status(201).send(await resticAccess.createPassword(userOf(request), request.params.id, originOf(request)))
    },
  })
  app.route({
    method: 'DELETE',
    url,
    config: { access: MANAGE },
    schema: { tags, summary: 'End the password of a client for restic', params: byClient, response: { 204: z.null(), ...problems } },
    handler: async (request, reply) => {
      await resticAccess.revokePassword(userOf(request), request.params.id, originOf(request))
      return reply.status(204).send(null)
    },
  })
}

function grantRoutes(app: App, resticAccess: ResticAccess): void {
  const url = '/api/v1/clients/:id/restic/repositories/:repositoryId'
  app.route({
    method: 'PUT',
    url,
    config: { access: ADMIN },
    schema: {
      tags,
      summary: 'Let a client use a repository by restic itself, or change what it may do there',
      params: byPair,
      body: grantResticAccessSchema,
      response: { 200: resticAccessSchema, ...problems },
    },
    handler: (request) => {
      const { id: clientId, repositoryId } = request.params
      return resticAccess.grant(userOf(request), { clientId, repositoryId, ...request.body }, originOf(request))
    },
  })
  app.route({
    method: 'DELETE',
    url,
    config: { access: ADMIN },
    schema: { tags, summary: 'End what a client may do in a repository', params: byPair, response: { 204: z.null(), ...problems } },
    handler: async (request, reply) => {
      const { id: clientId, repositoryId } = request.params
      await resticAccess.withdraw(userOf(request), { clientId, repositoryId }, originOf(request))
      return reply.status(204).send(null)
    },
  })
}
