import {
  idTextSchema,
  problemSchema,
  runLogPageSchema,
  runLogQuerySchema,
  runPageSchema,
  runQuerySchema,
  runSchema,
} from '@holdfast/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { BACKUP, READ } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { hashToken } from '../../secrets/tokens.ts'
import { originOf } from '../audit/audit.ts'
import type { RunWatch, Watcher } from './run-watch.ts'
import type { Runs } from './runs.ts'

const TAGS = ['runs']
const params = z.object({ id: idTextSchema })
const eventsQuery = z.object({
  /** Ids of runs whose log is wanted too, separated by commas. */
  logs: z
    .string()
    .regex(/^[1-9]\d{0,9}(,[1-9]\d{0,9}){0,19}$/, 'must be up to 20 ids, separated by commas')
    .optional(),
})
const eventText = z.string().describe('Server-sent events: `run` with a run, `log` with lines of a log, `reset` when too much was missed.')

export interface RunRouteOptions {
  readonly runs: Runs
  readonly watch: RunWatch
}

/** The history of runs, what happens to them now, and the ways to stop and repeat them. */
export function runRoutes(app: App, { runs, watch }: RunRouteOptions): void {
  app.route({
    method: 'GET',
    url: '/api/v1/runs',
    config: { access: READ },
    schema: { tags: TAGS, summary: 'Runs, newest first', querystring: runQuerySchema, response: { 200: runPageSchema } },
    handler: (request) => runs.list(userOf(request), request.query),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/runs/:id',
    config: { access: READ },
    schema: { tags: TAGS, summary: 'A run', params, response: { 200: runSchema, 404: problemSchema } },
    handler: (request) => runs.get(userOf(request), request.params.id),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/runs/:id/log',
    config: { access: READ },
    schema: {
      tags: TAGS,
      summary: 'The log of a run',
      params,
      querystring: runLogQuerySchema,
      response: { 200: runLogPageSchema, 404: problemSchema },
    },
    handler: (request) => runs.log(userOf(request), request.params.id, request.query),
  })
  app.route({
    method: 'POST',
    url: '/api/v1/runs/:id/cancel',
    config: { access: BACKUP },
    schema: { tags: TAGS, summary: 'Cancel a run', params, response: { 200: runSchema, 404: problemSchema, 409: problemSchema } },
    handler: (request) => runs.cancel(userOf(request), request.params.id, originOf(request)),
  })
  app.route({
    method: 'POST',
    url: '/api/v1/runs/:id/retry',
    config: { access: BACKUP },
    schema: { tags: TAGS, summary: 'Do again what failed', params, response: { 201: runSchema, 404: problemSchema, 409: problemSchema } },
    handler: async (request, reply) => reply.status(201).send(await runs.retry(userOf(request), request.params.id, originOf(request))),
  })
  eventRoutes(app, watch)
}

function eventRoutes(app: App, watch: RunWatch): void {
  const response = { 200: eventText, 204: z.null(), 404: problemSchema, 429: problemSchema }
  app.route({
    method: 'GET',
    url: '/api/v1/events',
    config: { access: READ },
    schema: { tags: TAGS, summary: 'What happens to runs, as it happens', querystring: eventsQuery, response },
    handler: async (request, reply) => {
      const logsOf = request.query.logs?.split(',').map(Number) ?? []
      await watch.watch({ ...watcherOf(request, reply), logsOf })
      return reply
    },
  })
  app.route({
    method: 'GET',
    url: '/api/v1/runs/:id/events',
    config: { access: READ },
    schema: { tags: TAGS, summary: 'What happens to a run, with its log, until it ends', params, response },
    handler: async (request, reply) => {
      const { id } = request.params
      await watch.watch({ ...watcherOf(request, reply), runId: id, logsOf: [id] })
      return reply
    },
  })
  app.addHook('preClose', async () => watch.close())
}

function watcherOf(request: FastifyRequest, reply: FastifyReply): Omit<Watcher, 'logsOf' | 'runId'> {
  const actor = userOf(request)
  const { sessionId } = actor
  const token = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
  const header = request.headers['last-event-id']
  return {
    actor,
    by: sessionId === undefined ? { tokenHash: hashToken(token) } : { sessionId },
    reply,
    lastEventId: typeof header === 'string' ? header : undefined,
  }
}
