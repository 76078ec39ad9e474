import {
  calendarQuerySchema,
  calendarSchema,
  historyQuerySchema,
  historySchema,
  idTextSchema,
  overviewSchema,
  problemSchema,
} from '@holdfast/protocol'
import { z } from 'zod'
import { READ } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import type { Overviews } from './service.ts'

const TAGS = ['overview']
const problems = { 404: problemSchema, 422: problemSchema }

/** How everything is, at a glance: what needs somebody, and what was done, stored and saved. */
export function overviewRoutes(app: App, { overviews }: { readonly overviews: Overviews }): void {
  app.route({
    method: 'GET',
    url: '/api/v1/overview',
    config: { access: READ },
    schema: { tags: TAGS, summary: 'What needs somebody, and figures, of all that you may see', response: { 200: overviewSchema } },
    handler: (request) => overviews.get(userOf(request)),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/overview/calendar',
    config: { access: READ },
    schema: {
      tags: TAGS,
      summary: 'The backups of the last days, day by day',
      querystring: calendarQuerySchema,
      response: { 200: calendarSchema, ...problems },
    },
    handler: (request) => overviews.calendar(userOf(request), request.query),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/overview/history',
    config: { access: READ },
    schema: {
      tags: TAGS,
      summary: 'How all repositories have grown together; empty unless you are an administrator',
      querystring: historyQuerySchema,
      response: { 200: historySchema, ...problems },
    },
    handler: (request) => overviews.history(userOf(request), request.query),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/repositories/:id/history',
    config: { access: READ },
    schema: {
      tags: ['repositories'],
      summary: 'How a repository has grown, and when it will be full',
      params: z.object({ id: idTextSchema }),
      querystring: historyQuerySchema,
      response: { 200: historySchema, ...problems },
    },
    handler: (request) => overviews.historyOf(request.params.id, request.query),
  })
}
