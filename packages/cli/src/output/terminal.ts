import type { Writable } from 'node:stream'
import type { ReadStream, WriteStream } from 'node:tty'
import { styleText } from 'node:util'
import { truncateToWidth } from './format.ts'

/** The channels of a process. */
export interface Channels {
  readonly input: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>
  readonly output: Writable & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>
  readonly errors: Writable & Partial<Pick<WriteStream, 'isTTY'>>
}

/** What decides how a terminal is written to. */
export interface TerminalOptions {
  /** Neither colours nor moving lines: `TERM=dumb`. */
  readonly isDumb: boolean
  /** The user asked for no colours (https://no-color.org). */
  readonly noColor: boolean
}

/** What a text tells at a glance. */
export type Tone = 'failure' | 'warning' | 'success'

const TONES = { failure: 'red', warning: 'yellow', success: 'green' } as const satisfies Record<Tone, string>
const CLEAR_LINE = '\r\u001b[2K'
const LINE_UP = '\u001b[1A'
/** Lines are gathered until so much is there, or until the program waits for something. */
const GATHERED_CHARACTERS = 16 * 1024

/** Standard input, output and error channel. Lines and a status that is redrawn below them share the screen. */
export class Terminal {
  readonly input: Channels['input']
  readonly outputIsTerminal: boolean
  readonly inputIsTerminal: boolean
  /** Whether a status can be drawn over, as opposed to printed line by line. */
  readonly canUpdateStatus: boolean
  readonly #isPlain: boolean
  readonly #output: Channels['output']
  readonly #errors: Channels['errors']
  #gathered = ''
  #isFlushPlanned = false
  #status: readonly string[] = []

  constructor(channels: Channels, options: TerminalOptions) {
    this.input = channels.input
    this.#output = channels.output
    this.#errors = channels.errors
    this.outputIsTerminal = channels.output.isTTY === true
    this.inputIsTerminal = channels.input.isTTY === true
    this.canUpdateStatus = this.outputIsTerminal && !options.isDumb
    this.#isPlain = options.isDumb || options.noColor
  }

  /** Writes a line to standard output. */
  print(line: string): void {
    this.#gathered += this.#status.length > 0 ? `${this.#erasure()}${line}\n${this.#status.join('\n')}` : `${line}\n`
    this.#flushSoon()
  }

  /** Writes a line to the error channel. */
  printError(line: string): void {
    this.flush()
    if (this.#status.length > 0 && this.#errors.isTTY === true) {
      this.#output.write(this.#erasure())
      this.#errors.write(`${line}\n`)
      this.#output.write(this.#status.join('\n'))
    } else {
      this.#errors.write(`${line}\n`)
    }
  }

  /** A text for one of the channels, in the colour of its tone where that is a terminal. */
  tinted(text: string, tone: Tone, channel: 'output' | 'errors'): string {
    const isTerminal = (channel === 'output' ? this.#output : this.#errors).isTTY === true
    return this.#isPlain || !isTerminal ? text : styleText(TONES[tone], text, { validateStream: false })
  }

  /** Writes to the error channel without ending the line: for questions. */
  prompt(text: string): void {
    this.flush()
    this.#errors.write(text)
  }

  /** Writes bytes to standard output. Resolves when more may be written; rejects once standard output has failed. */
  async writeBytes(bytes: Uint8Array): Promise<void> {
    this.flush()
    if (!this.#output.write(bytes)) await this.drain()
    if (this.#output.errored) throw this.#output.errored
  }

  /** Resolves when standard output has room: call it now and then while printing a lot. */
  async drain(): Promise<void> {
    if (!this.#output.writableNeedDrain) return
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        this.#output.off('drain', settle).off('close', settle)
        resolve()
      }
      this.#output.on('drain', settle).on('close', settle)
    })
  }

  /** Shows lines below everything that is printed, in place of those shown before; without a terminal prints them. */
  setStatus(lines: readonly string[]): void {
    if (!this.canUpdateStatus) {
      for (const line of lines) this.print(line)
      return
    }
    const fitting = lines.map((line) => truncateToWidth(line, this.statusColumns))
    this.#gathered += this.#erasure() + fitting.join('\n')
    this.#status = fitting
    this.flush()
  }

  /** How many columns a line of the status may take; no end of them where it is not drawn over. */
  get statusColumns(): number {
    return this.canUpdateStatus ? Math.max(1, (this.#output.columns || 80) - 1) : Number.POSITIVE_INFINITY
  }

  /** Hands everything that was printed to the system. */
  flush(): void {
    if (this.#gathered === '') return
    const text = this.#gathered
    this.#gathered = ''
    this.#output.write(text)
  }

  /** Resolves when everything that was written has left the process. */
  async finish(): Promise<void> {
    if (this.#status.length > 0) this.setStatus([])
    this.flush()
    await Promise.all([this.#output, this.#errors].map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))))
  }

  /** What takes the shown status from the screen. */
  #erasure(): string {
    return this.#status.length === 0 ? '' : CLEAR_LINE + (LINE_UP + CLEAR_LINE).repeat(this.#status.length - 1)
  }

  #flushSoon(): void {
    if (this.#gathered.length >= GATHERED_CHARACTERS) {
      this.flush()
    } else if (!this.#isFlushPlanned) {
      this.#isFlushPlanned = true
      setImmediate(() => {
        this.#isFlushPlanned = false
        this.flush()
      })
    }
  }
}
