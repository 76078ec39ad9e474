import { COMMANDS, type CommandEntry } from '../command-list.ts'
import { type Command, paragraphsOf } from './command.ts'
import type { Flags } from './flag.ts'
import { GLOBAL_FLAGS } from './global-flags.ts'

const COLUMNS = 100
const HEADINGS: readonly (readonly [CommandEntry['group'], string])[] = [
  ['server', 'Server and agents'],
  ['backups', 'Backups'],
  ['repository', 'Repository'],
  ['program', 'Program'],
]

const EXIT_STATUS: readonly (readonly [string, string])[] = [
  ['0', 'done'],
  ['1', 'failed'],
  ['3', 'done in part: some files could not be read, or some snapshots not be removed'],
  ['10', 'there is no repository'],
  ['11', 'the repository is locked'],
  ['12', 'wrong password'],
  ['130', 'interrupted'],
]

/** The lines of the general help. */
export function generalHelp(): string[] {
  const lists = HEADINGS.flatMap(([group, heading]) => [
    '',
    `${heading}:`,
    ...twoColumns(COMMANDS.filter((entry) => entry.group === group).map((entry) => [entry.name, entry.summary])),
  ])
  return [
    'Holdfast backs up files into encrypted repositories of the restic format.',
    '',
    'Usage: holdfast COMMAND [flags] [arguments]',
    ...lists,
    '',
    'Examples:',
    '  holdfast start ~/Documents           # first backup with nothing to set up',
    '  holdfast -r /srv/backups init        # make a repository',
    '  holdfast -r /srv/backups backup ~    # back your home up',
    '',
    'Flags of every command:',
    ...flagLines(GLOBAL_FLAGS),
    '',
    '`holdfast help COMMAND` says everything about one command.',
  ]
}

/** The lines of the help of a group of commands such as `key`. */
export function groupHelp(group: string): string[] {
  const members = COMMANDS.filter((entry) => entry.name.startsWith(`${group} `))
  return [
    `Usage: holdfast ${group} COMMAND [flags] [arguments]`,
    '',
    'Commands:',
    ...twoColumns(members.map((entry) => [entry.name, entry.summary])),
    '',
    `\`holdfast help ${group} COMMAND\` says everything about one command.`,
  ]
}

/** The lines of the help of one command. */
export function commandHelp(entry: Pick<CommandEntry, 'name' | 'summary'>, command: Command): string[] {
  const flags = flagLines(command.flags)
  return [
    `${entry.summary}.`,
    '',
    ...hangingIndent(`Usage: holdfast ${entry.name} [flags] ${command.usage}`.trimEnd(), 4),
    ...paragraphsOf(command).flatMap((paragraph) => ['', ...wrap(paragraph, COLUMNS)]),
    '',
    'Examples:',
    ...command.examples.flatMap(({ line, does }) => [`  # ${does}`, `  holdfast ${line}`]),
    ...(flags.length === 0 ? [] : ['', 'Flags:', ...flags]),
    '',
    'Flags of every command: see `holdfast help`.',
    '',
    'Exit status:',
    ...twoColumns(EXIT_STATUS),
  ]
}

/** A text in lines of at most so many columns. */
export function wrap(paragraph: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of paragraph.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > columns) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

/** A long line in several, all but the first moved in. */
function hangingIndent(line: string, indent: number): string[] {
  const [first = '', ...others] = wrap(line, COLUMNS - indent)
  return [first, ...others.map((other) => ' '.repeat(indent) + other)]
}

function flagLines(flags: Flags): string[] {
  const shown = Object.values(flags).filter((flag) => !flag.isHidden)
  return twoColumns(shown.map((flag) => [flag.syntax.startsWith('--') ? `    ${flag.syntax}` : flag.syntax, flag.help]))
}

function twoColumns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(34, Math.max(...rows.map(([left]) => left.length)))
  return rows.flatMap(([left, right]) => {
    const [first = '', ...others] = wrap(right, COLUMNS - width - 4)
    const indent = ' '.repeat(width + 4)
    if (left.length > width) return [`  ${left}`, ...[first, ...others].map((line) => indent + line)]
    return [`  ${left.padEnd(width)}  ${first}`, ...others.map((line) => indent + line)]
  })
}
