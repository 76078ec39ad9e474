import { Command as Commander, CommanderError, Option } from 'commander'
import { CommandFailure } from '../command-failure.ts'
import type { Command, CommandInput } from './command.ts'
import { type Flag, type Flags, type FlagValues, takesValue } from './flag.ts'
import { GLOBAL_FLAGS, type GlobalValues } from './global-flags.ts'
import { normaliseArguments } from './normalise-arguments.ts'

/** What a command line says once the command is known. */
export interface ParsedArguments {
  readonly globals: GlobalValues
  readonly input: CommandInput<Flags>
  /** The user wants the help instead. */
  readonly wantsHelp: boolean
}

/**
 * Reads everything but the command's name: global flags and the command's own may be mixed as the user likes.
 * @throws {CommandFailure} `usage`
 */
export function parseArguments(command: Command, args: readonly string[]): ParsedArguments {
  const own = Object.entries(command.flags)
  const all = [...Object.entries(GLOBAL_FLAGS), ...own]
  const parser = new Commander().exitOverride().helpOption(false).allowExcessArguments().argument('[arguments...]')
  parser.configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
  const help = new Option('-h, --help')
  const options = new Map(all.map(([, flag]) => [flag, optionOf(flag)]))
  for (const option of [...options.values(), help]) parser.addOption(option)
  try {
    parser.parse(normaliseArguments(args, options.keys()), { from: 'user' })
  } catch (error) {
    throw asFailure(error)
  }
  const given = parser.opts<Record<string, unknown>>()
  const entryOf = ([name, flag]: [string, Flag<unknown>]): [string, unknown] => [
    name,
    valueOfFlag(flag, { option: options.get(flag), given }),
  ]
  return {
    globals: Object.fromEntries(Object.entries(GLOBAL_FLAGS).map(entryOf)) as GlobalValues,
    input: { flags: Object.fromEntries(own.map(entryOf)) as FlagValues<Flags>, args: parser.args },
    wantsHelp: given.help === true,
  }
}

function optionOf(flag: Flag<unknown>): Option {
  const option = new Option(flag.syntax, flag.help)
  if (takesValue(flag) || typeof flag.initial === 'number') {
    option.default(flag.initial).argParser((text: string, previous: unknown) => flag.read(text, previous))
  }
  return option
}

function valueOfFlag(
  flag: Flag<unknown>,
  where: { readonly option: Option | undefined; readonly given: Record<string, unknown> },
): unknown {
  const { option, given } = where
  if (option === undefined) return flag.initial
  const value = given[option.attributeName()]
  if (option.negate) return value === false
  return value ?? flag.initial
}

function asFailure(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error
  return new CommandFailure('usage', error.message.replace(/^error: /, '').replaceAll('\n', ' '), { cause: error })
}
