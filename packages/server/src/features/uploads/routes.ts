import { Readable } from 'node:stream'
import type { BlobId } from '@holdfast/engine'
import {
  commitUploadSchema,
  decodeProofs,
  encodeAnswer,
  openUploadSchema,
  PROOFS_BYTES_MAX,
  QUESTION_BYTES_MAX,
  readTreesSchema,
  uploadCommittedSchema,
  uploadOpenedSchema,
} from '@holdfast/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { ServerError } from '../../errors.ts'
import { AGENT } from '../../http/access.ts'
import { type AgentActor, agentOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { isForwarded } from '../../http/forward.ts'
import { handToWriter, type WriterLink } from './hand-to-writer.ts'
import type { UploadWriters } from './upload-writers.ts'
import type { UploadClient, UploadKey, Uploads } from './uploads.ts'

export interface UploadRoutesOptions extends WriterLink {
  readonly uploads: Uploads
  readonly writers: UploadWriters
  /**
   * Whether the agent may upload into the repository, and what its snapshots are to say.
   * @throws {ServerError} `not-found` when it may not.
   */
  readonly authorize: (
    agent: AgentActor,
    request: { readonly repositoryId: number; readonly runId: number | null },
  ) => Promise<UploadClient>
}

/** A body of blobs: four times what an agent sends at once. */
const BLOBS_BYTES_MAX = 64 * 1024 * 1024
/** Of text, and of all lists in it. */
const COMMIT_BYTES_MAX = 8 * 1024 * 1024
const BYTES = 'application/octet-stream'

const upload = z.object({ uploadId: z.string().regex(/^[0-9a-f]{32}$/) })
const bytes = z.any().describe('bytes')
const tags = ['agent']

/** Managed uploads, for agents that hold no repository key. */
export function uploadRoutes(app: App, options: UploadRoutesOptions): void {
  void app.register((plugin, _options, done) => {
    const scope = plugin as unknown as App
    // Handlers take such bodies as they come, each with its own bound.
    scope.addContentTypeParser(BYTES, (_request, payload, done) => done(null, payload))
    scope.addHook('onRequest', (request, reply) => handOn(options, request, reply))
    addSessionRoutes(scope, options)
    addBlobRoutes(scope, options)
    done()
  })
}

/** Another process may have the upload that a request is about: then that one answers. */
async function handOn({ uploads, writers, forwarder }: UploadRoutesOptions, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { uploadId } = request.params as { readonly uploadId?: string }
  if (uploadId === undefined || uploads.has(uploadId) || isForwarded(request)) return
  const to = await writers.processOf(uploadId)
  // One that cannot be reached has stopped, and the upload with it: the agent begins it anew.
  if (to !== undefined) await forwarder.forward(request, reply, { to }).catch(() => undefined)
}

function addSessionRoutes(app: App, { uploads, writers, forwarder, authorize }: UploadRoutesOptions): void {
  const config = { access: AGENT }
  app.post(
    '/agent/v1/uploads',
    { config, schema: { tags, summary: 'Begin an upload', body: openUploadSchema, response: { 200: uploadOpenedSchema } } },
    async (request, reply) => {
      const client = await authorize(agentOf(request), request.body)
      if (await handToWriter({ writers, forwarder }, client.repositoryId, { request, reply })) return reply
      const opened = await uploads.open(client, request.body)
      await writers.began(opened.uploadId)
      return opened
    },
  )
  app.post(
    '/agent/v1/uploads/:uploadId/trees',
    {
      config,
      schema: { tags, summary: 'Read trees of the parent snapshot', params: upload, body: readTreesSchema, response: { 200: bytes } },
    },
    async (request, reply) => {
      const frames = await uploads.trees(keyOf(request), request.body.trees as BlobId[])
      return asBytes(reply).send(Readable.from(frames))
    },
  )
  app.post(
    '/agent/v1/uploads/:uploadId/commit',
    {
      config,
      bodyLimit: COMMIT_BYTES_MAX,
      schema: {
        tags,
        summary: 'End an upload with a snapshot',
        params: upload,
        body: commitUploadSchema,
        response: { 200: uploadCommittedSchema },
      },
    },
    async (request) => ({ snapshotId: await uploads.commit(keyOf(request), request.body) }),
  )
  app.delete(
    '/agent/v1/uploads/:uploadId',
    { config, schema: { tags, summary: 'End an upload without a snapshot', params: upload, response: { 204: z.null() } } },
    async (request, reply) => {
      await uploads.abandon(keyOf(request))
      return reply.status(204).send(null)
    },
  )
}

function addBlobRoutes(app: App, { uploads }: UploadRoutesOptions): void {
  const config = { access: AGENT }
  app.post(
    '/agent/v1/uploads/:uploadId/ids',
    { config, schema: { tags, summary: 'Ask what to do about blobs', params: upload, body: bytes, response: { 200: bytes } } },
    async (request, reply) => {
      const question = await readBody(request, QUESTION_BYTES_MAX)
      const answer = await uploads.call(keyOf(request), (session) => session.ask(question))
      return asBytes(reply).send(Buffer.from(encodeAnswer(answer)))
    },
  )
  app.post(
    '/agent/v1/uploads/:uploadId/proofs',
    { config, schema: { tags, summary: 'Show that the client has blobs', params: upload, body: bytes, response: { 204: z.null() } } },
    async (request, reply) => {
      const proofs = decodeProofs(await readBody(request, PROOFS_BYTES_MAX))
      if (proofs === undefined) throw new ServerError('request.invalid', 'Cannot take the proofs: the body has another form')
      await uploads.call(keyOf(request), (session) => session.prove(proofs))
      return reply.status(204).send(null)
    },
  )
  app.post(
    '/agent/v1/uploads/:uploadId/blobs',
    { config, schema: { tags, summary: 'Send blobs', params: upload, body: bytes, response: { 204: z.null() } } },
    async (request, reply) => {
      // After a refusal the rest of the body is not worth waiting for.
      reply.header('connection', 'close')
      await uploads.call(keyOf(request), (session) => session.receive(boundedBody(request, BLOBS_BYTES_MAX)))
      reply.removeHeader('connection')
      return reply.status(204).send(null)
    },
  )
}

function keyOf(request: FastifyRequest): UploadKey {
  return { uploadId: (request.params as z.output<typeof upload>).uploadId, clientId: agentOf(request).clientId }
}

function asBytes(reply: FastifyReply): FastifyReply {
  return reply.type(BYTES).serializer((payload: unknown) => payload as string)
}

async function readBody(request: FastifyRequest, maxBytes: number): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(boundedBody(request, maxBytes)))
}

/** The bytes of a body as they come. @throws {ServerError} `request.too-large` beyond the bound, `request.invalid` when it breaks off. */
async function* boundedBody(request: FastifyRequest, maxBytes: number): AsyncGenerator<Buffer> {
  let sizeBytes = 0
  if (!(request.body instanceof Readable)) throw new ServerError('request.invalid', `Cannot take the body: it is not ${BYTES}`)
  try {
    for await (const piece of request.body as AsyncIterable<Buffer>) {
      sizeBytes += piece.length
      if (sizeBytes > maxBytes) throw new ServerError('request.too-large', `Cannot take the body: it has more than ${maxBytes} bytes`)
      yield piece
    }
  } catch (error) {
    if (request.raw.complete || error instanceof ServerError) throw error
    throw new ServerError('request.conflict', 'Cannot take the body: the connection broke off')
  }
}
