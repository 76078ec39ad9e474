import { Readable } from 'node:stream'
import {
  type ArchiveQuery,
  archiveQuerySchema,
  archiveRequestSchema,
  idTextSchema,
  pathQuerySchema,
  problemSchema,
} from '@holdfast/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { RESTORE } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { goneSignal } from '../../http/gone-signal.ts'
import { dispositionOf, parseRange, previewType, UNTRUSTED_HEADERS } from './file-headers.ts'
import type { SnapshotFile, SnapshotFiles } from './snapshot-files.ts'

const TAGS = ['snapshots']
const PREVIEW_BYTES = 64 * 1024
/** Part of a picture is none: they are sent whole, up to what a page can bear. */
const PICTURE_BYTES_MAX = 16 * 1024 * 1024
/** The paths of an archive; forms write one byte of a name as up to nine. */
const ARCHIVE_BODY_BYTES_MAX = 8 * 1024 * 1024
const ARCHIVE_TYPES = { zip: 'application/zip', tar: 'application/x-tar' } as const
const idParams = z.object({ id: idTextSchema })
/** Bytes, whatever they are: nothing is checked on the way out. */
const anyBytes = z.any().describe('The bytes')

/** Content of snapshots, streamed: no more of it is in memory than a few blobs. */
export function contentRoutes(app: App, { snapshotFiles: files }: { readonly snapshotFiles: SnapshotFiles }): void {
  app.route({
    method: 'GET',
    url: '/api/v1/snapshots/:id/preview',
    config: { access: RESTORE },
    schema: {
      tags: TAGS,
      summary: 'The first 64 KiB of a file, safe to be shown; pictures of up to 16 MiB whole',
      params: idParams,
      querystring: pathQuerySchema,
      response: { 200: anyBytes, 404: problemSchema },
    },
    handler: async (request, reply) => sendPreview(reply, await files.file(userOf(request), request.params.id, request.query.path)),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/snapshots/:id/file',
    config: { access: RESTORE },
    schema: {
      tags: TAGS,
      summary: 'A file; ranges of it are supported',
      params: idParams,
      querystring: pathQuerySchema,
      response: { 200: anyBytes, 206: anyBytes, 304: anyBytes, 404: problemSchema, 416: anyBytes },
    },
    handler: async (request, reply) => {
      const file = await files.file(userOf(request), request.params.id, request.query.path)
      return sendFile(reply, { file, request })
    },
  })
  app.route({
    method: 'GET',
    url: '/api/v1/snapshots/:id/archive',
    config: { access: RESTORE },
    schema: {
      tags: TAGS,
      summary: 'Files and folders as a zip or tar archive',
      params: idParams,
      querystring: archiveQuerySchema,
      response: { 200: anyBytes, 404: problemSchema },
    },
    handler: (request, reply) => sendArchive(reply, { files, request, wanted: request.query }),
  })
  app.route({
    method: 'POST',
    url: '/api/v1/snapshots/:id/archive',
    config: { access: RESTORE },
    bodyLimit: ARCHIVE_BODY_BYTES_MAX,
    schema: {
      tags: TAGS,
      summary: 'The same for up to 10,000 paths, as JSON or as a form',
      params: idParams,
      body: archiveRequestSchema,
      response: { 200: anyBytes, 404: problemSchema },
    },
    handler: (request, reply) => sendArchive(reply, { files, request, wanted: request.body }),
  })
}

interface ArchiveExchange {
  readonly files: SnapshotFiles
  readonly request: FastifyRequest<{ readonly Params: { readonly id: number } }>
  readonly wanted: ArchiveQuery
}

async function sendArchive(reply: FastifyReply, { files, request, wanted }: ArchiveExchange): Promise<FastifyReply> {
  const archive = await files.archive(userOf(request as FastifyRequest), request.params.id, wanted)
  reply.headers(UNTRUSTED_HEADERS).type(ARCHIVE_TYPES[wanted.format])
  reply.header('content-disposition', dispositionOf('attachment', archive.name, `.${wanted.format}`))
  return reply.send(streamOf(reply, (signal) => archive.read(signal)))
}

async function sendPreview(reply: FastifyReply, file: SnapshotFile): Promise<FastifyReply> {
  const length = Math.min(PREVIEW_BYTES, file.sizeBytes)
  const chunks = await Array.fromAsync(file.read({ range: { offset: 0, length }, signal: goneSignal(reply) }))
  const beginning = Buffer.concat(chunks)
  const type = previewType(beginning)
  const isCut = beginning.length < file.sizeBytes
  const isPicture = type.startsWith('image/')
  reply
    .headers(UNTRUSTED_HEADERS)
    .type(isPicture && file.sizeBytes > PICTURE_BYTES_MAX ? 'application/octet-stream' : type)
    .header('content-disposition', dispositionOf('inline', file.name))
    .header('holdfast-size', file.sizeBytes)
  if (!isPicture || !isCut || file.sizeBytes > PICTURE_BYTES_MAX) return reply.send(beginning)
  return reply.header('content-length', file.sizeBytes).send(streamOf(reply, (signal) => file.read({ signal })))
}

function sendFile(reply: FastifyReply, { file, request }: { readonly file: SnapshotFile; readonly request: FastifyRequest }): FastifyReply {
  const tag = `"${file.tag}"`
  reply.headers(UNTRUSTED_HEADERS).type('application/octet-stream')
  reply.headers({ 'accept-ranges': 'bytes', etag: tag, 'content-disposition': dispositionOf('attachment', file.name) })
  const { range, 'if-none-match': ifNoneMatch, 'if-range': ifRange } = request.headers
  if (ifNoneMatch === tag) return reply.status(304).send()
  const span = ifRange === undefined || ifRange === tag ? parseRange(range, file.sizeBytes) : 'all'
  if (span === 'none') {
    return reply.status(416).header('content-range', `bytes */${file.sizeBytes}`).send()
  }
  if (span === 'all') return reply.header('content-length', file.sizeBytes).send(streamOf(reply, (signal) => file.read({ signal })))
  const last = span.offset + span.length - 1
  return reply
    .status(206)
    .headers({ 'content-range': `bytes ${span.offset}-${last}/${file.sizeBytes}`, 'content-length': span.length })
    .send(streamOf(reply, (signal) => file.read({ range: span, signal })))
}

/** A stream that is read no faster than the reader takes it, and that ends when the reader goes away. */
function streamOf(reply: FastifyReply, read: (signal: AbortSignal) => AsyncGenerator<Buffer, void>): Readable {
  return Readable.from(read(goneSignal(reply)), { objectMode: false })
}
