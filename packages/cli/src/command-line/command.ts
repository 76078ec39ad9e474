import type { CommandEntry } from '../command-list.ts'
import type { Environment } from '../environment.ts'
import type { Terminal } from '../output/terminal.ts'
import type { Flags, FlagValues } from './flag.ts'
import type { GlobalValues } from './global-flags.ts'

/** What every command is given. */
export interface CommandContext {
  readonly globals: GlobalValues
  readonly environment: Environment
  readonly terminal: Terminal
  /** Aborted when the user or the system wants the command to end. */
  readonly signal: AbortSignal
  /** All commands there are. */
  readonly commands: readonly CommandEntry[]
}

/** An example for the help of a command: what to type behind the program's name, and what it does. */
export interface Example {
  readonly line: string
  readonly does: string
}

/** One command of `holdfast`. */
export interface Command<F extends Flags = Flags> {
  /** What follows the name in the usage line: `[paths...]`. */
  readonly usage: string
  /** Paragraphs with empty lines between them; other line ends mean nothing. */
  readonly description: string
  readonly flags: F
  /** At least one. */
  readonly examples: readonly Example[]
  /** Fixed words that may stand as first argument, for completion. */
  readonly words?: readonly string[]
  run(context: CommandContext, input: CommandInput<F>): Promise<void>
}

/** What the user typed behind the command's name. */
export interface CommandInput<F extends Flags> {
  readonly flags: FlagValues<F>
  readonly args: readonly string[]
}

/** Gives a command with the types of its flags known to its `run`. */
export function defineCommand<const F extends Flags>(command: Command<F>): Command {
  return command as unknown as Command
}

/** The paragraphs of a command's description, each in one line. */
export function paragraphsOf({ description }: Pick<Command, 'description'>): string[] {
  return description
    .trim()
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim().replaceAll(/\s+/g, ' '))
}
