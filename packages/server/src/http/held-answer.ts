import type { Clock } from '@holdfast/engine'
import type { FastifyReply } from 'fastify'

/** A connection on which nothing moves for so long is cut. */
const STALL_MS = 2 * 60_000
/** Whoever takes an answer more slowly, after {@link STALL_MS}, holds memory that others wait for. Many reads may share a slow line. */
const BYTES_PER_SECOND_MIN = 4096

export interface HeldAnswer {
  readonly sizeBytes: number
  readonly clock: Clock
  readonly stallMs?: number
}

/**
 * Keeps `room` until an answer has been sent, or its connection is gone: at once where it is gone already. Cuts the connection when
 * whoever asked does not take the answer.
 */
export function holdUntilSent({ raw }: Pick<FastifyReply, 'raw'>, room: Disposable, answer: HeldAnswer): void {
  const { sizeBytes, clock, stallMs = STALL_MS } = answer
  if (raw.destroyed) {
    room[Symbol.dispose]()
    return
  }
  const cut = (): unknown => raw.destroy()
  const stopWaiting = clock.every(stallMs + (sizeBytes / BYTES_PER_SECOND_MIN) * 1000, cut)
  raw.once('close', () => {
    stopWaiting()
    room[Symbol.dispose]()
  })
  raw.setTimeout(stallMs, cut)
}
