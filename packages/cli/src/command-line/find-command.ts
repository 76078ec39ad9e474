import { CommandFailure } from '../command-failure.ts'
import { COMMANDS, type CommandEntry, isCommandGroup } from '../command-list.ts'
import { spellings } from './flag.ts'
import { GLOBAL_FLAGS } from './global-flags.ts'
import { isFollowedByValue } from './normalise-arguments.ts'

/** Which command a command line is about. */
export type FoundCommand =
  | { readonly kind: 'command'; readonly entry: CommandEntry; readonly rest: readonly string[] }
  /** Help for one command, a group of commands, or in general (empty text). */
  | { readonly kind: 'help'; readonly topic: string }

/**
 * Finds the command's name among global flags.
 * @throws {CommandFailure} `usage` for a name that no command has.
 */
export function findCommand(args: readonly string[]): FoundCommand {
  const [first, second] = wordPositions(args)
  const wantsHelp = args.includes('--help') || args.includes('-h')
  const word = (position: number | undefined): string => (position === undefined ? '' : (args[position] ?? ''))
  if (first === undefined) return args.includes('--version') ? entryOf('version', []) : { kind: 'help', topic: '' }
  const name = word(first)
  if (name === 'help') return { kind: 'help', topic: helpTopic(args.slice(first + 1).filter((arg) => !arg.startsWith('-'))) }
  if (!isCommandGroup(name)) return entryOf(name, args.toSpliced(first, 1))
  const both = `${name} ${word(second)}`
  // `agent` is a command and a group; the second word may be the value of a flag.
  if (commandEntry(name) !== undefined && commandEntry(both) === undefined) return entryOf(name, args.toSpliced(first, 1))
  if (second === undefined) return { kind: 'help', topic: name }
  if (wantsHelp && !COMMANDS.some((entry) => entry.name === both)) return { kind: 'help', topic: name }
  return entryOf(both, args.toSpliced(second, 1).toSpliced(first, 1))
}

/** The entry of a command. */
export function commandEntry(name: string): CommandEntry | undefined {
  return COMMANDS.find((entry) => entry.name === name)
}

function entryOf(name: string, rest: readonly string[]): FoundCommand {
  const entry = commandEntry(name)
  if (entry !== undefined) return { kind: 'command', entry, rest }
  throw new CommandFailure('usage', `unknown command ${JSON.stringify(name)}${suggestion(name)}; \`holdfast help\` lists all commands`)
}

function helpTopic(words: readonly string[]): string {
  const [first = '', second] = words
  if (first === '' || isCommandGroup(first)) return second === undefined ? first : entryNameOf(`${first} ${second}`)
  return entryNameOf(first)
}

function entryNameOf(name: string): string {
  if (commandEntry(name) !== undefined) return name
  throw new CommandFailure('usage', `unknown help topic ${JSON.stringify(name)}${suggestion(name)}; \`holdfast help\` lists all commands`)
}

/** The command whose name was most likely meant: one that differs in a letter or two. */
function suggestion(name: string): string {
  const near = COMMANDS.filter(({ group }) => group !== 'hidden')
    .map((entry) => ({ meant: entry.name, distance: editDistance(name, entry.name) }))
    .toSorted((a, b) => a.distance - b.distance)
    .find(({ meant, distance }) => distance <= 2 && distance < meant.length / 2)
  return near === undefined ? '' : ` (did you mean ${near.meant}?)`
}

/** How many letters must be put in, left out or replaced to make one word of the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1]
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

/** Where the first two words stand that are neither flags nor their values. */
function wordPositions(args: readonly string[]): readonly number[] {
  const flags = Object.values(GLOBAL_FLAGS)
  const known = new Map(flags.flatMap((flag) => spellings(flag).map((spelling) => [spelling, flag] as const)))
  const positions: number[] = []
  for (let index = 0; index < args.length && positions.length < 2; index++) {
    const arg = args[index] ?? ''
    if (arg === '--') break
    if (isFollowedByValue(arg, known)) index++
    else if (!arg.startsWith('-') || arg === '-') positions.push(index)
  }
  return positions
}
