import type { ByteString } from '@holdfast/engine'
import {
  claimedQuestionSchema,
  claimQuestionSchema,
  folderQuerySchema,
  idTextSchema,
  MACHINE_PATH_BYTES_MAX,
  machineFolderSchema,
  problemSchema,
  QUESTION_ANSWER_BYTES_MAX,
  type QuestionAnswer,
  questionAnswerSchema,
  selectionPreviewSchema,
  selectionSchema,
} from '@holdfast/protocol'
import { z } from 'zod'
import { notFound, ServerError } from '../../errors.ts'
import { AGENT, MANAGE } from '../../http/access.ts'
import { agentOf, userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { goneSignal } from '../../http/gone-signal.ts'
import type { Clients } from '../clients/clients.ts'
import { pathOfAddress } from '../snapshots/snapshot-path.ts'
import type { Listeners } from './listeners.ts'
import { folderOf, previewOf, rootsOf } from './machine-view.ts'
import type { AskedClient, Questions } from './questions.ts'

const byId = z.object({ id: idTextSchema })
const problems = { 403: problemSchema, 404: problemSchema, 409: problemSchema, 422: problemSchema, 429: problemSchema }

export interface QuestionRouteOptions {
  readonly clients: Clients
  readonly questions: Questions
  readonly listeners: Listeners
}

/** What people ask of machines. */
export function questionRoutes(app: App, { clients, questions }: QuestionRouteOptions): void {
  app.route({
    method: 'GET',
    url: '/api/v1/clients/:id/folders',
    config: { access: MANAGE },
    schema: {
      tags: ['clients'],
      summary: 'What is in a folder of a machine now, as its agent finds it',
      params: byId,
      querystring: folderQuerySchema,
      response: { 200: machineFolderSchema, ...problems },
    },
    handler: async (request, reply) => {
      const client = await clients.visible(userOf(request), request.params.id)
      const { path } = request.query
      const folder = path === undefined ? null : machinePathOf(path)
      const answer = await questions.ask(client, { kind: 'folder', path: folder }, goneSignal(reply))
      if (answer.kind === 'roots') return rootsOf(answer)
      if (answer.kind === 'folder' && folder !== null) return folderOf(folder, answer)
      throw failureOf(client, answer)
    },
  })
  app.route({
    method: 'POST',
    url: '/api/v1/clients/:id/selection-preview',
    config: { access: MANAGE },
    schema: {
      tags: ['clients'],
      summary: 'What a backup of a selection would take and leave out on a machine now',
      params: byId,
      body: selectionSchema,
      response: { 200: selectionPreviewSchema, ...problems },
    },
    handler: async (request, reply) => {
      const client = await clients.visible(userOf(request), request.params.id)
      const answer = await questions.ask(client, { kind: 'selection', selection: request.body }, goneSignal(reply))
      if (answer.kind === 'selection') return previewOf(answer)
      throw failureOf(client, answer)
    },
  })
}

/** How agents hear of questions while they take no runs, and answer them. */
export function agentQuestionRoutes(app: App, { questions, listeners }: QuestionRouteOptions): void {
  app.route({
    method: 'POST',
    url: '/agent/v1/questions/claim',
    config: { access: AGENT },
    schema: {
      tags: ['agents'],
      summary: 'Wait for a question, without taking a run',
      body: claimQuestionSchema,
      response: { 200: claimedQuestionSchema },
    },
    handler: async (request, reply) => {
      const agent = agentOf(request)
      const signal = goneSignal(reply)
      const waitMs = request.body.waitSeconds * 1000
      await listeners.come(agent.clientId, waitMs)
      const question = await questions.claim(agent, { waitMs, signal })
      if (signal.aborted) await listeners.leave(agent.clientId)
      return { question: question ?? null }
    },
  })
  app.route({
    method: 'POST',
    url: '/agent/v1/questions/:id',
    bodyLimit: QUESTION_ANSWER_BYTES_MAX,
    config: { access: AGENT },
    schema: {
      tags: ['agents'],
      summary: 'Answer a question',
      params: byId,
      body: questionAnswerSchema,
      response: { 204: z.null(), ...problems, 413: problemSchema },
    },
    handler: async (request, reply) => {
      await questions.answer(agentOf(request), request.params.id, request.body)
      return reply.status(204).send(null)
    },
  })
  app.addHook('preClose', async () => questions.close())
}

/** The path that an address stands for. @throws {ServerError} `request.invalid` for what no machine takes as a path. */
function machinePathOf(address: string): ByteString {
  const path = pathOfAddress(address)
  if (path.length <= MACHINE_PATH_BYTES_MAX && !path.includes('\0')) return path
  throw new ServerError('request.invalid', 'Cannot look there: the path is too long for a machine, or holds a zero byte')
}

function failureOf({ name }: AskedClient, answer: QuestionAnswer): ServerError {
  if (answer.kind !== 'failure') return new ServerError('client.failed', `Cannot ask ${name}: its agent answers something else`)
  if (answer.reason === 'missing') return notFound(`that folder on ${name}`)
  const code = answer.reason === 'forbidden' ? 'client.refused' : 'client.failed'
  return new ServerError(code, `Cannot look at ${name}: ${answer.message}`)
}
