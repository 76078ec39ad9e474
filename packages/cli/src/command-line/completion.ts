import type { CommandEntry } from '../command-list.ts'
import { type Flag, spellings, takesValue } from './flag.ts'
import { GLOBAL_FLAGS } from './global-flags.ts'

/** The shells that completion is made for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const
/** One of {@link SHELLS}. */
export type Shell = (typeof SHELLS)[number]

interface CompletedCommand {
  readonly name: string
  readonly summary: string
  readonly flags: readonly Flag<unknown>[]
  readonly words: readonly string[]
}

/** What a shell reads to complete command lines of holdfast. */
export async function completionScript(shell: Shell, entries: readonly CommandEntry[]): Promise<string> {
  const commands = await Promise.all(
    entries
      .filter((entry) => entry.group !== 'hidden')
      .map(async ({ name, summary, load }): Promise<CompletedCommand> => {
        const command = await load()
        return { name, summary, flags: Object.values(command.flags).filter((flag) => !flag.isHidden), words: command.words ?? [] }
      }),
  )
  if (shell === 'fish') return fishScript(commands)
  const bash = bashScript(commands)
  return shell === 'bash' ? bash : `#compdef holdfast\nautoload -U +X bashcompinit && bashcompinit\n${bash}`
}

const GLOBALS: readonly Flag<unknown>[] = Object.values(GLOBAL_FLAGS)

/** zsh runs the same script through its emulation of bash's completion. */
function bashScript(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, flags, words }) => {
    const all = [...flags, ...GLOBALS].flatMap(spellings)
    return `    ${quoted(name)}) flags=${quoted([...all, '--help'].join(' '))}; words=${quoted(words.join(' '))} ;;`
  })
  const flags = new Set([...commands.flatMap((command) => command.flags), ...GLOBALS])
  return `# Completion of holdfast for bash and zsh.
_holdfast() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command= flags= words= index word
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case "$word" in
    ${patternOf([...GLOBALS].filter(takesValue))}) ((index++)) ;;
    -*) ;;
    *)
      command=\${command:+$command }$word
      case "$command" in
      ${groupsOf(commands).map(quoted).join(' | ')} | help) ;;
      *) break ;;
      esac
      ;;
    esac
  done
  case "$previous" in
    ${patternOf([...flags].filter((flag) => flag.valueKind === 'folder'))}) COMPREPLY=($(compgen -d -- "$current")); return ;;
    ${patternOf([...flags].filter((flag) => flag.valueKind === 'file'))}) COMPREPLY=($(compgen -f -- "$current")); return ;;
${[...flags]
  .filter((flag) => flag.choices !== undefined)
  .map(
    (flag) =>
      `    ${spellings(flag).join(' | ')}) COMPREPLY=($(compgen -W ${quoted((flag.choices ?? []).join(' '))} -- "$current")); return ;;`,
  )
  .join('\n')}
  esac
  case "$command" in
    '' | help) flags=${quoted([...GLOBALS.flatMap(spellings), '--help'].join(' '))}; words=${quoted(firstWords(commands).join(' '))} ;;
${groupsOf(commands)
  .map(
    (group) =>
      `    ${quoted(group)}) words=${quoted(
        commands
          .filter(({ name }) => name.startsWith(`${group} `))
          .map(({ name }) => name.slice(group.length + 1))
          .join(' '),
      )} ;;`,
  )
  .join('\n')}
${cases.join('\n')}
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  elif [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _holdfast holdfast
`
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const none = '__fish_use_subcommand'
  const lines = [
    '# Completion of holdfast for fish.',
    ...GLOBALS.map((flag) => fishFlag('true', flag)),
    ...groupsOf(commands).map((group) => `complete -c holdfast -n ${none} -f -a ${group}`),
  ]
  for (const { name, summary, flags, words } of commands) {
    const [first = '', second] = name.split(' ')
    const condition = second === undefined ? none : `__fish_seen_subcommand_from ${first}`
    lines.push(`complete -c holdfast -n ${quoted(condition)} -f -a ${second ?? first} -d ${quoted(summary)}`)
    const seen = `__fish_seen_subcommand_from ${first}${second === undefined ? '' : `; and __fish_seen_subcommand_from ${second}`}`
    lines.push(...flags.map((flag) => fishFlag(seen, flag)))
    if (words.length > 0) lines.push(`complete -c holdfast -n ${quoted(seen)} -f -a ${quoted(words.join(' '))}`)
  }
  return `${lines.join('\n')}\n`
}

function fishFlag(condition: string, flag: Flag<unknown>): string {
  const names = spellings(flag).map((spelling) => (spelling.startsWith('--') ? `-l ${spelling.slice(2)}` : `-s ${spelling.slice(1)}`))
  const value = !takesValue(flag) ? '' : flag.choices === undefined ? ' -r' : ` -x -a ${quoted(flag.choices.join(' '))}`
  return `complete -c holdfast -n ${quoted(condition)} ${names.join(' ')}${value} -d ${quoted(flag.help)}`
}

function firstWords(commands: readonly CompletedCommand[]): readonly string[] {
  return [...new Set([...commands.map(({ name }) => name.split(' ')[0] ?? ''), 'help'])]
}

/** Words that another one follows: `key`, `repair`, `storage`. */
function groupsOf(commands: readonly CompletedCommand[]): readonly string[] {
  return firstWords(commands).filter((word) => commands.some(({ name }) => name.startsWith(`${word} `)))
}

function patternOf(flags: readonly Flag<unknown>[]): string {
  return flags.flatMap(spellings).join(' | ')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
