import type { ServerResponse } from 'node:http'
import { type Clock, secureRandom } from '@holdfast/engine'
import type { FastifyReply } from 'fastify'

const HEARTBEAT_MS = 15_000
/** What waits for a slow reader; one who falls further behind is cut off, and catches up when it connects again. */
const QUEUE_BYTES_MAX = 512 * 1024
/** How soon a browser connects again, with some jitter, so that not all come at once after a restart. */
const RETRY_MS = 2000

/** What is sent: `id` is what the reader gives as `Last-Event-ID` when it comes again. */
export interface ServerSentEvent {
  readonly event: string
  readonly id: string
  readonly data: unknown
}

export interface EventStreamOptions {
  readonly clock: Clock
  /** Asked at every heartbeat whether the reader may go on. */
  readonly mayContinue: () => Promise<boolean>
  readonly onEnd: () => void
}

/** One answer as a stream of server-sent events. */
export class EventStream {
  readonly #response: ServerResponse
  readonly #options: EventStreamOptions
  readonly #stopHeartbeat: () => void
  #hasEnded = false

  /** Takes the answer over from Fastify and sends its head. */
  constructor(reply: FastifyReply, options: EventStreamOptions) {
    this.#response = reply.raw
    this.#options = options
    const headers = {
      ...reply.getHeaders(),
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // Proxies shall not collect what is meant for now.
      'x-accel-buffering': 'no',
      // A connection that has served a stream is not kept: a server that stops would wait for it.
      connection: 'close',
    }
    reply.hijack()
    this.#response.writeHead(200, headers as Record<string, string>)
    this.#response.on('close', () => this.end())
    this.#response.on('error', () => this.end())
    this.#stopHeartbeat = options.clock.every(HEARTBEAT_MS, () => void this.#beat())
    this.#write(`retry: ${RETRY_MS + (secureRandom(2).readUInt16LE() % 1000)}\n\n`)
  }

  send({ event, id, data }: ServerSentEvent): void {
    this.#write(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  /** Ends the answer. Called again it does nothing. */
  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#stopHeartbeat()
    this.#response.end()
    this.#options.onEnd()
  }

  #write(text: string): void {
    if (this.#hasEnded) return
    this.#response.write(text)
    if (this.#response.writableLength <= QUEUE_BYTES_MAX) return
    this.#response.destroy()
    this.end()
  }

  async #beat(): Promise<void> {
    // While the database is away nobody's session ends.
    const mayContinue = await this.#options.mayContinue().catch(() => true)
    if (mayContinue) this.#write(': \n\n')
    else this.end()
  }
}
