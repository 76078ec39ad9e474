import {
  claimedSchema,
  claimSchema,
  finishRunSchema,
  idTextSchema,
  problemSchema,
  runEventsAnswerSchema,
  runEventsSchema,
} from '@holdfast/protocol'
import { z } from 'zod'
import { AGENT } from '../../http/access.ts'
import { agentOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import type { AgentRuns } from './agent-runs.ts'
import type { WorkBell } from './work-bell.ts'

const TAGS = ['agents']
const params = z.object({ runId: idTextSchema })
const problems = { 404: problemSchema, 409: problemSchema }
/** 500 lines of a log of 20,000 characters each. */
const EVENTS_BYTES_MAX = 32 * 1024 * 1024

/** How agents take runs, tell of them and end them. */
export function agentRunRoutes(app: App, { agentRuns, bell }: { readonly agentRuns: AgentRuns; readonly bell: WorkBell }): void {
  app.route({
    method: 'POST',
    url: '/agent/v1/runs/claim',
    config: { access: AGENT },
    schema: { tags: TAGS, summary: 'Wait for a run', body: claimSchema, response: { 200: claimedSchema } },
    handler: async (request, reply) => {
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const { instance, waitSeconds } = request.body
      const order = await agentRuns.claim(agentOf(request), { instance, waitMs: waitSeconds * 1000, signal: gone.signal })
      return { order: order ?? null }
    },
  })
  app.route({
    method: 'POST',
    url: '/agent/v1/runs/:runId/events',
    bodyLimit: EVENTS_BYTES_MAX,
    config: { access: AGENT },
    schema: {
      tags: TAGS,
      summary: 'Tell how far a run is',
      params,
      body: runEventsSchema,
      response: { 200: runEventsAnswerSchema, ...problems },
    },
    handler: (request) => agentRuns.report(agentOf(request), request.params.runId, request.body),
  })
  app.route({
    method: 'POST',
    url: '/agent/v1/runs/:runId/finish',
    config: { access: AGENT },
    schema: { tags: TAGS, summary: 'End a run', params, body: finishRunSchema, response: { 204: z.null(), ...problems } },
    handler: async (request, reply) => {
      await agentRuns.finish(agentOf(request), request.params.runId, request.body)
      return reply.status(204).send(null)
    },
  })
  app.addHook('preClose', async () => bell.close())
}
