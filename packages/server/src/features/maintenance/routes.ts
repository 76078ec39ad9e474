import {
  idTextSchema,
  maintenanceRequestSchema,
  maintenanceRetrySchema,
  maintenanceSchema,
  maintenanceSettingsSchema,
  previewRetentionSchema,
  problemSchema,
  retentionPreviewSchema,
} from '@holdfast/protocol'
import { z } from 'zod'
import { ADMIN, READ } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { originOf } from '../audit/audit.ts'
import type { MaintenanceDesk } from './maintenance.ts'
import type { RetentionPreviewer } from './retention-preview.ts'

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
    url: '/api/v1/repositories/:id/maintenance/retry',
    config: { access: ADMIN },
    schema: {
      tags: TAGS,
      summary: 'Have a prune or a check that failed or was cancelled done again, exactly as it was to be',
      params: byId,
      body: maintenanceRetrySchema,
      response: { 202: maintenanceSchema, ...problems },
    },
    handler: async (request, reply) => {
      const { runId } = request.body
      const wanted = { runId, actor: userOf(request), origin: originOf(request) }
      return reply.status(202).send(await maintenance.retry(request.params.id, wanted))
    },
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

/** What retention would do, for whoever sets it up. */
export function retentionRoutes(app: App, { retentionPreviewer }: { readonly retentionPreviewer: RetentionPreviewer }): void {
  app.route({
    method: 'POST',
    url: '/api/v1/plans/retention-preview',
    config: { access: READ },
    schema: {
      tags: ['plans'],
      summary: 'Which snapshots a retention would keep',
      body: previewRetentionSchema,
      response: { 200: retentionPreviewSchema, 404: problemSchema, 422: problemSchema },
    },
    handler: (request) => retentionPreviewer.preview(userOf(request), request.body),
  })
}
