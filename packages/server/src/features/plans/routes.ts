import {
  changePlanSchema,
  idTextSchema,
  newPlanSchema,
  planPageSchema,
  planQuerySchema,
  planSchema,
  previewScheduleSchema,
  problemSchema,
  runSchema,
  runTimesSchema,
} from '@holdfast/protocol'
import { z } from 'zod'
import { BACKUP, MANAGE, READ } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { originOf } from '../audit/audit.ts'
import type { Plans } from './plans.ts'

const TAGS = ['plans']
const clientParams = z.object({ clientId: idTextSchema })
const params = z.object({ id: idTextSchema })
const missing = { 404: problemSchema }
const refused = { 404: problemSchema, 422: problemSchema }

/** What is backed up when. */
export function planRoutes(app: App, { plans }: { readonly plans: Plans }): void {
  listRoutes(app, plans)
  changeRoutes(app, plans)
  timeRoutes(app, plans)
}

function listRoutes(app: App, plans: Plans): void {
  app.route({
    method: 'GET',
    url: '/api/v1/plans',
    config: { access: READ },
    schema: { tags: TAGS, summary: 'Plans, by name', querystring: planQuerySchema, response: { 200: planPageSchema, 422: problemSchema } },
    handler: (request) => plans.page(userOf(request), request.query),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/clients/:clientId/plans',
    config: { access: READ },
    schema: { tags: TAGS, summary: 'The plans of a client', params: clientParams, response: { 200: z.array(planSchema), ...missing } },
    handler: (request) => plans.list(userOf(request), request.params.clientId),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/plans/:id',
    config: { access: READ },
    schema: { tags: TAGS, summary: 'A plan', params, response: { 200: planSchema, ...missing } },
    handler: (request) => plans.get(userOf(request), request.params.id),
  })
}

function changeRoutes(app: App, plans: Plans): void {
  app.route({
    method: 'POST',
    url: '/api/v1/clients/:clientId/plans',
    config: { access: MANAGE },
    schema: { tags: TAGS, summary: 'Add a plan', params: clientParams, body: newPlanSchema, response: { 201: planSchema, ...refused } },
    handler: async (request, reply) => {
      const added = { plan: request.body, origin: originOf(request) }
      return reply.status(201).send(await plans.create(userOf(request), request.params.clientId, added))
    },
  })
  app.route({
    method: 'PATCH',
    url: '/api/v1/plans/:id',
    config: { access: MANAGE },
    schema: { tags: TAGS, summary: 'Change a plan', params, body: changePlanSchema, response: { 200: planSchema, ...refused } },
    handler: (request) => plans.change(userOf(request), request.params.id, { changes: request.body, origin: originOf(request) }),
  })
  app.route({
    method: 'DELETE',
    url: '/api/v1/plans/:id',
    config: { access: MANAGE },
    schema: { tags: TAGS, summary: 'Remove a plan; snapshots stay', params, response: { 204: z.null(), ...missing } },
    handler: async (request, reply) => {
      await plans.remove(userOf(request), request.params.id, originOf(request))
      return reply.status(204).send(null)
    },
  })
}

function timeRoutes(app: App, plans: Plans): void {
  app.route({
    method: 'POST',
    url: '/api/v1/plans/:id/run',
    config: { access: BACKUP },
    schema: { tags: TAGS, summary: 'Run a plan now', params, response: { 201: runSchema, ...missing, 409: problemSchema } },
    handler: async (request, reply) => reply.status(201).send(await plans.runNow(userOf(request), request.params.id, originOf(request))),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/plans/:id/times',
    config: { access: READ },
    schema: {
      tags: TAGS,
      summary: 'When a plan runs next',
      params,
      querystring: z.object({ count: z.coerce.number().int().min(1).max(100).default(10) }),
      response: { 200: runTimesSchema, ...missing },
    },
    handler: (request) => plans.runTimes(userOf(request), request.params.id, request.query.count),
  })
  app.route({
    method: 'POST',
    url: '/api/v1/plans/preview',
    config: { access: READ },
    schema: {
      tags: TAGS,
      summary: 'When a schedule would run',
      body: previewScheduleSchema,
      response: { 200: runTimesSchema, ...refused },
    },
    handler: (request) => plans.preview(userOf(request), request.body),
  })
}
