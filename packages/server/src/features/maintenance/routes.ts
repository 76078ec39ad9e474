import { idTextSchema, maintenanceRequestSchema, maintenanceSchema, maintenanceSettingsSchema, problemSchema } from '@holdfast/protocol'
import { z } from 'zod'
import { ADMIN } from '../../http/access.ts'
import type { App } from '../../http/app-type.ts'
import { originOf } from '../audit/audit.ts'
import type { MaintenanceDesk } from './maintenance.ts'

const TAGS = ['repositories']
const byId = z.object({ id: idTextSchema })
const problems = { 404: problemSchema, 409: problemSchema, 422: problemSchema }

/** What the server does for repositories by itself: when, how, and now. */
export function maintenanceRoutes(app: App, { maintenance }: { readonly maintenance: MaintenanceDesk }): void {
  app.route({
    method: 'GET',
    url: '/api/v1/repositories/:id/maintenance',
    config: { access: ADMIN },
    schema: { tags: TAGS, summary: 'How a repository is maintained', params: byId, response: { 200: maintenanceSchema, ...problems } },
    handler: (request) => maintenance.get(request.params.id),
  })
  app.route({
    method: 'PUT',
    url: '/api/v1/repositories/:id/maintenance',
    config: { access: ADMIN },
    schema: {
      tags: TAGS,
      summary: 'Set when and how a repository is maintained',
      params: byId,
      body: maintenanceSettingsSchema,
      response: { 200: maintenanceSchema, ...problems },
    },
    handler: (request) => maintenance.set(request.params.id, request.body, originOf(request)),
  })
  app.route({
    method: 'POST',
    url: '/api/v1/repositories/:id/maintenance/run',
    config: { access: ADMIN },
    schema: {
      tags: TAGS,
      summary: 'Have a prune or a check done as soon as possible',
      params: byId,
      body: maintenanceRequestSchema,
      response: { 202: maintenanceSchema, ...problems },
    },
    handler: async (request, reply) =>
      reply.status(202).send(await maintenance.request(request.params.id, request.body, originOf(request))),
  })
  app.route({
    method: 'POST',
    url: '/api/v1/repositories/:id/refresh',
    config: { access: ADMIN },
    schema: {
      tags: TAGS,
      summary: 'Have snapshots of other programs taken in, and figures counted, as soon as possible',
      params: byId,
      response: { 202: z.null(), ...problems },
    },
    handler: async (request, reply) => {
      await maintenance.refresh(request.params.id)
      return reply.status(202).send(null)
    },
  })
}
