import { changeRepositorySchema, idTextSchema, newRepositorySchema, problemSchema, repositorySchema } from '@holdfast/protocol'
import { z } from 'zod'
import { ADMIN, READ } from '../../http/access.ts'
import type { App } from '../../http/app-type.ts'
import { originOf } from '../audit/audit.ts'
import type { Repositories } from './repositories.ts'

const TAGS = ['repositories']
const byId = z.object({ id: idTextSchema })
const problems = { 404: problemSchema, 409: problemSchema, 422: problemSchema, 503: problemSchema }

/** Repositories: who may back up chooses among them, administrators set them up. */
export function repositoryRoutes(app: App, { repositories }: { readonly repositories: Repositories }): void {
  app.route({
    method: 'GET',
    url: '/api/v1/repositories',
    config: { access: READ },
    schema: { tags: TAGS, summary: 'All repositories', response: { 200: z.array(repositorySchema) } },
    handler: () => repositories.list(),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/repositories/:id',
    config: { access: READ },
    schema: { tags: TAGS, summary: 'A repository', params: byId, response: { 200: repositorySchema, ...problems } },
    handler: (request) => repositories.get(request.params.id),
  })
  administrationRoutes(app, repositories)
  recoveryKitRoute(app, repositories)
}

function administrationRoutes(app: App, repositories: Repositories): void {
  app.route({
    method: 'POST',
    url: '/api/v1/repositories',
    config: { access: ADMIN },
    schema: {
      tags: TAGS,
      summary: 'Make a repository or take one over',
      body: newRepositorySchema,
      response: { 201: repositorySchema, ...problems },
    },
    handler: async (request, reply) => reply.status(201).send(await repositories.add(request.body, originOf(request))),
  })
  app.route({
    method: 'PATCH',
    url: '/api/v1/repositories/:id',
    config: { access: ADMIN },
    schema: {
      tags: TAGS,
      summary: 'Change a repository',
      params: byId,
      body: changeRepositorySchema,
      response: { 200: repositorySchema, ...problems },
    },
    handler: (request) => repositories.change(request.params.id, request.body, originOf(request)),
  })
  app.route({
    method: 'DELETE',
    url: '/api/v1/repositories/:id',
    config: { access: ADMIN },
    schema: { tags: TAGS, summary: 'Forget a repository; its data stays', params: byId, response: { 204: z.null(), ...problems } },
    handler: async (request, reply) => {
      await repositories.remove(request.params.id, originOf(request))
      return reply.status(204).send(null)
    },
  })
}

function recoveryKitRoute(app: App, repositories: Repositories): void {
  app.route({
    method: 'GET',
    url: '/api/v1/repositories/:id/recovery-kit',
    config: { access: ADMIN },
    schema: {
      tags: TAGS,
      summary: 'How to restore with nothing but restic; holds the password',
      params: byId,
      response: { 200: z.string(), ...problems },
    },
    handler: async (request, reply) => {
      const kit = await repositories.recoveryKit(request.params.id, originOf(request))
      return reply
        .type('text/markdown; charset=utf-8')
        .header('content-disposition', 'attachment; filename="holdfast-recovery-kit.md"')
        .header('cache-control', 'no-store')
        .serializer(String)
        .send(kit)
    },
  })
}
