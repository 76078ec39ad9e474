import {
  type AskedQuestion,
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
import { goneSignal } from '../../http/gone-signal.ts'
import type { Listeners } from '../questions/listeners.ts'
import type { Questions } from '../questions/questions.ts'
import type { AgentRuns } from './agent-runs.ts'
import type { WorkBell } from './work-bell.ts'

const TAGS = ['agents']
const params = z.object({ runId: idTextSchema })
const problems = { 404: problemSchema, 409: problemSchema }
/** 500 lines of a log of 20,000 characters each. */
const EVENTS_BYTES_MAX = 32 * 1024 * 1024

export interface AgentRunRouteOptions {
  readonly agentRuns: AgentRuns
  readonly bell: WorkBell
  /** What agents are asked while they wait for runs. */
  readonly questions: Pick<Questions, 'take'>
  readonly listeners: Pick<Listeners, 'come' | 'leave'>
}

/** How agents take runs, tell of them and end them. */
export function agentRunRoutes(app: App, { agentRuns, bell, questions, listeners }: AgentRunRouteOptions): void {
  app.route({
    method: 'POST',
    url: '/agent/v1/runs/claim',
    config: { access: AGENT },
    schema: { tags: TAGS, summary: 'Wait for a run', body: claimSchema, response: { 200: claimedSchema } },
    handler: async (request, reply) => {
      const signal = goneSignal(reply)
      const { instance, waitSeconds, answersQuestions } = request.body
      const agent = agentOf(request)
      const options = { instance, waitMs: waitSeconds * 1000, signal }
      if (answersQuestions) await listeners.come(agent.clientId, options.waitMs)
      const question = async (): Promise<AskedQuestion | undefined> => (answersQuestions ? questions.take(agent.clientId) : undefined)
      const { order, other } = await agentRuns.claimBeside(agent, options, question)
      if (signal.aborted) await listeners.leave(agent.clientId)
      return { order: order ?? null, question: other ?? null }
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
