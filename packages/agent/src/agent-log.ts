import type { Clock } from '@holdfast/engine'
import type { LogEntry, LogLevel } from '@holdfast/protocol'
import type { ServerLink } from './link/server-link.ts'

/** What waits for a server that is away; then the oldest go. */
const LINES_MAX = 500

/** Says what the agent does, to whoever started it, and to the server when that answers. */
export class AgentLog {
  readonly #clock: Clock
  readonly #print: (level: LogLevel, message: string) => void
  readonly #unsent: LogEntry[] = []

  constructor(clock: Clock, print: (level: LogLevel, message: string) => void) {
    this.#clock = clock
    this.#print = print
  }

  add(level: LogLevel, message: string): void {
    this.#print(level, message)
    if (level === 'debug') return
    if (this.#unsent.length >= LINES_MAX) this.#unsent.shift()
    this.#unsent.push({ at: new Date(this.#clock.now()).toISOString(), level, message: message.slice(0, 20_000) })
  }

  /** For the person at the machine alone, such as the code of the page. */
  tell(message: string): void {
    this.#print('info', message)
  }

  /** Sends what the server does not have. @throws {AgentError} as `ServerLink` does. */
  async send(link: Pick<ServerLink, 'sendLogs'>, signal: AbortSignal): Promise<void> {
    const entries = [...this.#unsent]
    if (entries.length === 0) return
    await link.sendLogs(entries, signal)
    const sent = new Set(entries)
    this.#unsent.splice(0, this.#unsent.length, ...this.#unsent.filter((entry) => !sent.has(entry)))
  }
}
