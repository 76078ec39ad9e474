import {
  diffPageSchema,
  diffQuerySchema,
  entriesPageSchema,
  entriesQuerySchema,
  entryDetailsSchema,
  forgetPlanSchema,
  idTextSchema,
  pathQuerySchema,
  placeQuerySchema,
  placeSchema,
  problemSchema,
  snapshotPageSchema,
  snapshotPatchSchema,
  snapshotQuerySchema,
  snapshotSchema,
  snapshotTagsSchema,
} from '@holdfast/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { MANAGE, READ } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { originOf } from '../audit/audit.ts'
import type { SnapshotFiles } from './snapshot-files.ts'
import type { Snapshots } from './snapshots.ts'

const TAGS = ['snapshots']
const idParams = z.object({ id: idTextSchema })

interface SnapshotRoutesOptions {
  readonly snapshots: Snapshots
  /**
   * Has the server process that writes to a repository answer a request, if that is another one: it holds a lock there that keeps all
   * others from changing snapshots. Gives whether it did.
   */
  readonly handToWriter: (
    repositoryId: number,
    exchange: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  ) => Promise<boolean>
}

/** Snapshots as a whole: which there are, and what is done to them. */
export function snapshotRoutes(app: App, options: SnapshotRoutesOptions): void {
  const { snapshots } = options
  app.route({
    method: 'GET',
    url: '/api/v1/snapshots',
    config: { access: READ },
    schema: { tags: TAGS, summary: 'Snapshots, newest first', querystring: snapshotQuerySchema, response: { 200: snapshotPageSchema } },
    handler: (request) => snapshots.list(userOf(request), request.query),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/snapshots/:id',
    config: { access: READ },
    schema: { tags: TAGS, summary: 'One snapshot', params: idParams, response: { 200: snapshotSchema, 404: problemSchema } },
    handler: (request) => snapshots.get(userOf(request), request.params.id),
  })
  app.route({
    method: 'PATCH',
    url: '/api/v1/snapshots/:id',
    config: { access: MANAGE },
    schema: {
      tags: TAGS,
      summary: 'Pin a snapshot, so that it is never forgotten, or unpin it',
      params: idParams,
      body: snapshotPatchSchema,
      response: { 200: snapshotSchema, 404: problemSchema },
    },
    handler: (request) => {
      const { isPinned } = request.body
      return snapshots.pin(userOf(request), request.params.id, { isPinned, origin: originOf(request) })
    },
  })
  app.route({
    method: 'PUT',
    url: '/api/v1/snapshots/:id/tags',
    config: { access: MANAGE },
    schema: {
      tags: TAGS,
      summary: 'Replace the tags of a snapshot',
      params: idParams,
      body: snapshotTagsSchema,
      response: { 200: snapshotSchema, 404: problemSchema, 409: problemSchema, 503: problemSchema },
    },
    preHandler: (request, reply) => handOn(options, request.params.id, { request, reply }),
    handler: (request) => {
      const { tags } = request.body
      return snapshots.setTags(userOf(request), request.params.id, { tags, origin: originOf(request) })
    },
  })
  forgetRoutes(app, options)
}

/** Foreign snapshots are as if they were not on this server already. */
async function handOn(
  { snapshots, handToWriter }: SnapshotRoutesOptions,
  id: number,
  exchange: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<void> {
  const { repository_id: repositoryId } = await snapshots.visible(userOf(exchange.request), id)
  await handToWriter(repositoryId, exchange)
}

function forgetRoutes(app: App, options: SnapshotRoutesOptions): void {
  const { snapshots } = options
  app.route({
    method: 'GET',
    url: '/api/v1/snapshots/:id/forget-plan',
    config: { access: MANAGE },
    schema: {
      tags: TAGS,
      summary: 'What would be lost if a snapshot were forgotten',
      params: idParams,
      response: { 200: forgetPlanSchema, 404: problemSchema },
    },
    handler: (request) => snapshots.planForget(userOf(request), request.params.id),
  })
  app.route({
    method: 'DELETE',
    url: '/api/v1/snapshots/:id',
    config: { access: MANAGE },
    schema: {
      tags: TAGS,
      summary: 'Forget a snapshot; its data goes with the next prune',
      params: idParams,
      response: { 204: z.null(), 404: problemSchema, 409: problemSchema, 503: problemSchema },
    },
    preHandler: (request, reply) => handOn(options, request.params.id, { request, reply }),
    handler: async (request, reply) => {
      await snapshots.forget(userOf(request), request.params.id, originOf(request))
      return reply.status(204).send(null)
    },
  })
}

/** What is in snapshots, to look at; `content-routes.ts` gives it away. */
export function snapshotFileRoutes(app: App, { snapshotFiles: files }: { readonly snapshotFiles: SnapshotFiles }): void {
  app.route({
    method: 'GET',
    url: '/api/v1/snapshots/:id/entries',
    config: { access: READ },
    schema: {
      tags: TAGS,
      summary: 'A folder of a snapshot',
      params: idParams,
      querystring: entriesQuerySchema,
      response: { 200: entriesPageSchema, 404: problemSchema },
    },
    handler: (request) => files.entries(userOf(request), request.params.id, request.query),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/snapshots/:id/place',
    config: { access: READ },
    schema: {
      tags: TAGS,
      summary: 'Where in the order of a folder an entry is, by its path or by the beginning of its name',
      params: idParams,
      querystring: placeQuerySchema,
      response: { 200: placeSchema, 404: problemSchema },
    },
    handler: (request) => files.place(userOf(request), request.params.id, request.query),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/snapshots/:id/entry',
    config: { access: READ },
    schema: {
      tags: TAGS,
      summary: 'Everything that a snapshot says of a file or folder',
      params: idParams,
      querystring: pathQuerySchema,
      response: { 200: entryDetailsSchema, 404: problemSchema },
    },
    handler: (request) => files.details(userOf(request), request.params.id, request.query.path),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/snapshots/:id/diff/:other',
    config: { access: READ },
    schema: {
      tags: TAGS,
      summary: 'What changed from a snapshot to another',
      params: idParams.extend({ other: idTextSchema }),
      querystring: diffQuerySchema,
      response: { 200: diffPageSchema, 404: problemSchema },
    },
    handler: (request) => files.diff(userOf(request), { from: request.params.id, to: request.params.other }, request.query),
  })
}
