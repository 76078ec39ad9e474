import { CommandFailure } from '../command-failure.ts'
import type { CommandContext } from '../command-line/command.ts'
import { jsonText } from './json.ts'
import type { Terminal } from './terminal.ts'

/** How much is said: 0 results and errors only, 1 the normal, 2 more (`-v`), 3 everything (`-vv`). */
export type Verbosity = 0 | 1 | 2 | 3

/** Says things to people, as loud as they asked for; and to programs, one JSON message a line. */
export class Printer {
  readonly terminal: Terminal
  readonly verbosity: Verbosity
  readonly isJson: boolean

  /** @param options.isJson whether people are spoken to at all; commands without JSON messages speak to people in any case. */
  constructor(context: Pick<CommandContext, 'terminal' | 'globals'>, options: { readonly isJson?: boolean } = {}) {
    this.terminal = context.terminal
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

  /** That it went well: like {@link Printer.info}, in green on a terminal. */
  success(line: string): void {
    this.info(this.terminal.tinted(line, 'success', 'output'))
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
}

/** What `--quiet` and `--verbose` ask for. */
export function verbosityOf(globals: { readonly quiet: boolean; readonly verbose: number }): Verbosity {
  if (globals.quiet && globals.verbose > 0) throw new CommandFailure('usage', '--quiet and --verbose cannot be specified at the same time')
  if (globals.quiet) return 0
  return globals.verbose >= 2 ? 3 : globals.verbose === 1 ? 2 : 1
}
