import { type Clock, runProgram } from '@holdfast/engine'

/** How long a program may take to say its version. */
const ANSWER_MS = 5000
/** Versions are in the first lines. */
const OUTPUT_BYTES_MAX = 4096
/** What was found is believed for so long. */
const KEPT_MS = 600_000

/** A program that Holdfast works with, if this machine has it. */
export interface FoundTool {
  readonly name: string
  readonly version: string | null
  readonly path: string | null
}

/** Programs, with what makes them say their version. */
const TOOLS = [
  ['restic', 'version'],
  ['rsync', '--version'],
  ['ssh', '-V'],
  ['pg_dump', '--version'],
  ['mysqldump', '--version'],
  ['mongodump', '--version'],
  ['redis-cli', '--version'],
  ['sqlite3', '--version'],
] as const

/** Looks which programs this machine has; some minutes' old knowledge is good enough. */
export class Tools {
  readonly #clock: Clock
  #kept: { readonly at: number; readonly tools: Promise<readonly FoundTool[]> } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async find(): Promise<readonly FoundTool[]> {
    const now = this.#clock.now()
    if (this.#kept === undefined || Math.abs(now - this.#kept.at) > KEPT_MS) {
      this.#kept = { at: now, tools: Promise.all(TOOLS.map(([name, argument]) => this.#look(name, argument))) }
    }
    return this.#kept.tools
  }

  async #look(name: string, argument: string): Promise<FoundTool> {
    const path = (await this.#said('which', name))?.split('\n')[0]?.trim()
    if (path === undefined || path === '') return { name, version: null, path: null }
    const said = (await this.#said(path, argument)) ?? ''
    return { name, version: /\d+(?:\.\d+)+[\w.-]*/.exec(said)?.[0] ?? null, path }
  }

  /** What a program says on either channel; undefined when it cannot be run or takes too long. */
  async #said(program: string, argument: string): Promise<string | undefined> {
    const limit = new AbortController()
    const done = new AbortController()
    void this.#clock.sleep(ANSWER_MS, done.signal).then(
      () => limit.abort(),
      () => undefined,
    )
    let text = ''
    const hear = (piece: string): void => {
      if (text.length < OUTPUT_BYTES_MAX) text += piece
    }
    try {
      for await (const piece of runProgram(program, [argument], { signal: limit.signal, onErrorOutput: hear })) hear(piece.toString())
      return text
    } catch {
      return undefined
    } finally {
      done.abort()
    }
  }
}
