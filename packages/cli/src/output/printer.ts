import { systemClock } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import type { CommandContext } from '../command-line/command.ts'
import type { Environment } from '../environment.ts'
import { formatPercent, formatSeconds } from './format.ts'
import { jsonText } from './json.ts'
import { ProgressUpdater, progressIntervalMs } from './progress-updater.ts'
import type { Terminal } from './terminal.ts'

/** How much is said: 0 results and errors only, 1 the normal, 2 more (`-v`), 3 everything (`-vv`). */
export type Verbosity = 0 | 1 | 2 | 3

/** Counts units of work for whoever watches. */
export interface Counter {
  add(units?: number): void
  setTotal(total: number): void
  /** Takes the line from the screen and prints its last state. */
  done(): void
}

/** Says things to people, as loud as they asked for; and to programs, one JSON message a line. */
export class Printer {
  readonly terminal: Terminal
  readonly verbosity: Verbosity
  readonly isJson: boolean
  readonly #environment: Environment

  /** @param options.isJson whether people are spoken to at all; commands without JSON messages speak to people in any case. */
  constructor(context: Pick<CommandContext, 'terminal' | 'environment' | 'globals'>, options: { readonly isJson?: boolean } = {}) {
    this.terminal = context.terminal
    this.#environment = context.environment
    this.isJson = options.isJson ?? context.globals.json
    this.verbosity = this.isJson ? 0 : verbosityOf(context.globals)
  }

  /** What the user asked for: printed in any case. */
  result(line: string): void {
    this.terminal.print(line)
  }

  /** What most users want to know. */
  info(line: string): void {
    if (this.verbosity >= 1) this.terminal.print(line)
  }

  /** Said with `--verbose`. */
  detail(line: string): void {
    if (this.verbosity >= 2) this.terminal.print(line)
  }

  /** Said with `--verbose` twice. */
  trace(line: string): void {
    if (this.verbosity >= 3) this.terminal.print(line)
  }

  /** Of interest to somebody who sits there. */
  note(line: string): void {
    if (this.terminal.outputIsTerminal) this.info(line)
  }

  /** Warnings and errors that do not end the command. */
  warn(line: string): void {
    this.terminal.printError(line)
  }

  /** A message for programs. */
  message(value: unknown): void {
    this.terminal.print(jsonText(value))
  }

  /** A message for programs that is no part of the result. */
  warnMessage(value: unknown): void {
    this.terminal.printError(jsonText(value))
  }

  /** Shows how a number of things are done. Silent when nobody wants to see it. */
  counter(noun: string): Counter {
    if (this.verbosity === 0) return { add: () => undefined, setTotal: () => undefined, done: () => undefined }
    return new LineCounter(this.terminal, {
      noun,
      intervalMs: progressIntervalMs(this.#environment, { isShown: true, isJson: false, terminal: this.terminal }),
    })
  }
}

/** What `--quiet` and `--verbose` ask for. */
export function verbosityOf(globals: { readonly quiet: boolean; readonly verbose: number }): Verbosity {
  if (globals.quiet && globals.verbose > 0) throw new CommandFailure('usage', '--quiet and --verbose cannot be specified at the same time')
  if (globals.quiet) return 0
  return globals.verbose >= 2 ? 3 : globals.verbose === 1 ? 2 : 1
}

class LineCounter implements Counter {
  readonly #terminal: Terminal
  readonly #noun: string
  readonly #updater: ProgressUpdater
  readonly #startedAt = systemClock.now()
  #done = 0
  #total = 0

  constructor(terminal: Terminal, options: { readonly noun: string; readonly intervalMs: number }) {
    this.#terminal = terminal
    this.#noun = options.noun
    this.#updater = new ProgressUpdater(options.intervalMs, () => this.#terminal.setStatus([this.#line()]))
  }

  add(units = 1): void {
    this.#done += units
  }

  setTotal(total: number): void {
    this.#total = total
  }

  done(): void {
    if (!this.#updater.stop()) return
    if (this.#terminal.canUpdateStatus) this.#terminal.setStatus([])
    this.#terminal.print(this.#line())
  }

  #line(): string {
    const time = `[${formatSeconds((systemClock.now() - this.#startedAt) / 1000)}]`
    if (this.#total === 0) return `${time}          ${this.#done} ${this.#noun}`
    return `${time} ${formatPercent(this.#done, this.#total)}  ${this.#done} / ${this.#total} ${this.#noun}`
  }
}
