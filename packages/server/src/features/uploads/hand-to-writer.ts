import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Forwarder, isForwarded } from '../../http/forward.ts'
import type { UploadWriters } from './upload-writers.ts'

/** What it takes to find the process that writes to a repository, and to reach it. */
export interface WriterLink {
  readonly writers: Pick<UploadWriters, 'writerOf'>
  readonly forwarder: Pick<Forwarder, 'forward'>
}

/**
 * Has the process that writes to a repository answer a request whose body was read: no other can lock it. Gives whether it did; this one is
 * to answer otherwise. Who may send the request was found out before.
 * @throws {ServerError} `server.unavailable` when that process cannot be reached.
 */
export async function handToWriter(
  { writers, forwarder }: WriterLink,
  repositoryId: number,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<boolean> {
  const to = isForwarded(request) ? undefined : await writers.writerOf(repositoryId)
  if (to === undefined) return false
  const { body } = request
  await forwarder.forward(request, reply, { to, body: body === undefined || body === null ? '' : JSON.stringify(body) })
  return true
}
