import type { FastifyReply } from 'fastify'

/** Aborted, with `reason` if there is one, when whoever asked does not wait for the answer any more; at once where that is so already. */
export function goneSignal({ raw }: Pick<FastifyReply, 'raw'>, reason?: Error): AbortSignal {
  const gone = new AbortController()
  // While it was found out who asks, the connection may have broken: nobody would tell of that again.
  if (raw.destroyed) gone.abort(reason)
  else raw.once('close', () => gone.abort(reason))
  return gone.signal
}
