import type { PackId, SealingKey } from '@holdfast/engine'
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
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { AGENT, RESTORE } from '../../http/access.ts'
import { agentOf, userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { originOf } from '../audit/audit.ts'
import type { Restores } from './restores.ts'

const TAGS = ['restores']
const byRun = z.object({ runId: idTextSchema })
const bytes = z.any().describe('bytes')
const problems = { 404: problemSchema, 409: problemSchema }

/** Restores to machines: asked for by people and by the machines, and carried out by agents. */
export function restoreRoutes(app: App, { restores }: { readonly restores: Restores }): void {
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
  lendingRoutes(app, restores)
}

function lendingRoutes(app: App, restores: Restores): void {
  const config = { access: AGENT }
  app.route({
    method: 'POST',
    url: '/agent/v1/runs/:runId/lent',
    config,
    schema: { tags: TAGS, summary: 'What is lent to a restore', params: byRun, response: { 200: lentSchema, ...problems } },
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
      response: { 200: bytes, ...problems },
    },
    handler: async (request, reply) => {
      const { key, part } = request.body
      const index = await restores.read(agentOf(request), request.params.runId, (lent) => lent.readIndex(part, keyOf(key)))
      return sendBytes(reply, index)
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
      response: { 200: bytes, ...problems },
    },
    handler: async (request, reply) => {
      const { key, pack, offset, length } = request.body
      const content = await restores.read(agentOf(request), request.params.runId, (lent) =>
        lent.readPack(pack as PackId, { offset, length }, { key: keyOf(key) }),
      )
      return sendBytes(reply, content)
    },
  })
}

/** `reply.send` would copy what is no Buffer. */
function sendBytes(reply: FastifyReply, content: Uint8Array): FastifyReply {
  return reply
    .type('application/octet-stream')
    .header('cache-control', 'no-store')
    .serializer((body: unknown) => body as string)
    .send(Buffer.from(content.buffer, content.byteOffset, content.byteLength))
}

function keyOf(text: string): SealingKey {
  const key = Buffer.from(text, 'base64')
  return { encrypt: key.subarray(0, 32), macK: key.subarray(32, 48), macR: key.subarray(48, 64) }
}
