import type { Clock, PackId, SealingKey } from '@holdfast/engine'
import {
  idTextSchema,
  lentSchema,
  newRestoreSchema,
  ownRestoreSchema,
  ownSnapshotsSchema,
  problemSchema,
  readLentIndexSchema,
  readLentPackSchema,
  runOrderSchema,
  runSchema,
} from '@holdfast/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { ServerError } from '../../errors.ts'
import { AGENT, RESTORE } from '../../http/access.ts'
import { agentOf, userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { goneSignal } from '../../http/gone-signal.ts'
import { holdUntilSent } from '../../http/held-answer.ts'
import { originOf } from '../audit/audit.ts'
import type { LentRead, Restores } from './restores.ts'

const TAGS = ['restores']
const byRun = z.object({ runId: idTextSchema })
const bytes = z.any().describe('bytes')
const problems = { 404: problemSchema, 409: problemSchema }
const lendingProblems = { ...problems, 503: problemSchema }
/** What is read of a pack is in memory as it is stored and as it is lent. */
const COPIES = 2
/** What it takes to make one part of an index, of as many blobs as a part has at most. */
const INDEX_PART_BYTES = 32 * 1024 * 1024

export interface RestoreRoutesOptions {
  readonly restores: Restores
  readonly clock: Clock
}

/** Restores to machines: asked for by people and by the machines, and carried out by agents. */
export function restoreRoutes(app: App, options: RestoreRoutesOptions): void {
  const { restores } = options
  app.route({
    method: 'POST',
    url: '/api/v1/snapshots/:id/restore',
    config: { access: RESTORE },
    schema: {
      tags: TAGS,
      summary: 'Have an agent bring files back',
      params: z.object({ id: idTextSchema }),
      body: newRestoreSchema,
      response: { 201: runSchema, ...problems },
    },
    handler: async (request, reply) => {
      const restore = { request: request.body, origin: originOf(request) }
      return reply.status(201).send(await restores.push(userOf(request), request.params.id, restore))
    },
  })
  app.route({
    method: 'GET',
    url: '/agent/v1/snapshots',
    config: { access: AGENT },
    schema: { tags: TAGS, summary: 'The snapshots of the agent’s client', response: { 200: ownSnapshotsSchema } },
    handler: (request) => restores.own(agentOf(request)),
  })
  app.route({
    method: 'POST',
    url: '/agent/v1/restores',
    config: { access: AGENT },
    schema: { tags: TAGS, summary: 'Begin a restore', body: ownRestoreSchema, response: { 201: runOrderSchema, ...problems } },
    handler: async (request, reply) => reply.status(201).send(await restores.begin(agentOf(request), request.body, originOf(request))),
  })
  lendingRoutes(app, options)
}

function lendingRoutes(app: App, options: RestoreRoutesOptions): void {
  const { restores } = options
  const config = { access: AGENT }
  app.route({
    method: 'POST',
    url: '/agent/v1/runs/:runId/lent',
    config,
    schema: { tags: TAGS, summary: 'What is lent to a restore', params: byRun, response: { 200: lentSchema, ...lendingProblems } },
    handler: (request) => restores.describe(agentOf(request), request.params.runId),
  })
  app.route({
    method: 'POST',
    url: '/agent/v1/runs/:runId/lent/index',
    config,
    schema: {
      tags: TAGS,
      summary: 'Part of the index of what is lent',
      params: byRun,
      body: readLentIndexSchema,
      response: { 200: bytes, ...lendingProblems },
    },
    handler: async (request, reply) => {
      const { key, part } = request.body
      return sendLent(options, { request, reply, runId: request.params.runId }, () => ({
        sizeBytes: INDEX_PART_BYTES,
        action: (lent) => lent.readIndex(part, keyOf(key)),
      }))
    },
  })
  app.route({
    method: 'POST',
    url: '/agent/v1/runs/:runId/lent/pack',
    config,
    schema: {
      tags: TAGS,
      summary: 'Part of a pack of what is lent',
      params: byRun,
      body: readLentPackSchema,
      response: { 200: bytes, ...lendingProblems },
    },
    handler: async (request, reply) => {
      const { key, pack, offset, length } = request.body
      return sendLent(options, { request, reply, runId: request.params.runId }, (signal) => ({
        sizeBytes: length * COPIES,
        action: (lent) => lent.readPack(pack as PackId, { offset, length }, { key: keyOf(key), signal }),
      }))
    },
  })
}

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly runId: number
}

async function sendLent(
  { restores, clock }: RestoreRoutesOptions,
  { request, reply, runId }: Exchange,
  readUntil: (signal: AbortSignal) => Omit<LentRead<Uint8Array>, 'signal'>,
): Promise<FastifyReply> {
  const signal = goneSignal(reply, new ServerError('request.conflict', 'Cannot go on: the connection broke off'))
  const { result, room } = await restores.read(agentOf(request), runId, { ...readUntil(signal), signal })
  holdUntilSent(reply, room, { sizeBytes: result.length, clock })
  return (
    reply
      .type('application/octet-stream')
      .header('cache-control', 'no-store')
      .serializer((body: unknown) => body as string)
      // `reply.send` would copy what is no Buffer.
      .send(Buffer.from(result.buffer, result.byteOffset, result.byteLength))
  )
}

function keyOf(text: string): SealingKey {
  const key = Buffer.from(text, 'base64')
  return { encrypt: key.subarray(0, 32), macK: key.subarray(32, 48), macR: key.subarray(48, 64) }
}
