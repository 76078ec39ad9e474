import { z } from 'zod'
import { ServerError } from '../../errors.ts'
import { PUBLIC, READ } from '../../http/access.ts'
import { userOf, visibleOwner } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import type { Metrics } from './metrics.ts'
import type { MetricsStore } from './store.ts'

const TAGS = ['operation']

/** Figures for Prometheus, and whether the server is alive and ready, for whatever watches it. */
export function metricsRoutes(
  app: App,
  { metrics, metricsStore }: { readonly metrics: Metrics; readonly metricsStore: MetricsStore },
): void {
  app.addHook('onResponse', async (request, reply) => {
    // The pattern, never the path: paths hold ids, and their number has no bound.
    const route = request.routeOptions.url ?? 'unknown'
    metrics.countRequest({ method: request.method, route, status: reply.statusCode, seconds: reply.elapsedTime / 1000 })
  })
  app.route({
    method: 'GET',
    url: '/metrics',
    config: { access: READ },
    schema: { tags: TAGS, summary: 'Figures for Prometheus; with an API token of the scope `read`', response: { 200: z.string() } },
    handler: async (request, reply) =>
      reply
        .type('text/plain; version=0.0.4; charset=utf-8')
        .serializer(String)
        .send(await metrics.text(visibleOwner(userOf(request)))),
  })
  app.route({
    method: 'GET',
    url: '/healthz',
    config: { access: PUBLIC },
    schema: { tags: TAGS, summary: 'Whether the process is alive', response: { 200: z.object({ status: z.literal('ok') }) } },
    handler: () => ({ status: 'ok' as const }),
  })
  app.route({
    method: 'GET',
    url: '/readyz',
    config: { access: PUBLIC },
    schema: { tags: TAGS, summary: 'Whether requests can be answered', response: { 200: z.object({ status: z.literal('ready') }) } },
    handler: async () => {
      try {
        await metricsStore.ping()
      } catch (cause) {
        throw new ServerError('server.unavailable', 'Cannot answer requests: the database does not answer', { cause })
      }
      return { status: 'ready' as const }
    },
  })
}
