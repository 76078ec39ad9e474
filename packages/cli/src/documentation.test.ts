import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type Command, paragraphsOf } from './command-line/command.ts'
import type { Flags } from './command-line/flag.ts'
import { GLOBAL_FLAGS } from './command-line/global-flags.ts'
import { wrap } from './command-line/help.ts'
import { COMMANDS } from './command-list.ts'
import { VARIABLES } from './environment.ts'

const file = (path: string): string => fileURLToPath(new URL(`../../../docs/${path}`, import.meta.url))

/** Run Vitest with `-u` after a change of commands, flags or variables. */
describe('the documentation says what the code says', () => {
  test('of commands', async () => {
    const sections: string[] = []
    for (const { name, summary, group, load } of COMMANDS)
      if (group !== 'hidden') sections.push(sectionOf({ name, summary, command: await load() }))
    await expect([INTRODUCTION, ...sections].join('\n')).toMatchFileSnapshot(file('guide/commands.md'))
  })

  test('of the environment', async () => {
    const rows = Object.values(VARIABLES).map(({ names, meaning }) => `| ${names.map((name) => `\`${name}\``).join(', ')} | ${meaning} |`)
    await expect([ENVIRONMENT, ...rows, ''].join('\n')).toMatchFileSnapshot(file('reference/environment.md'))
  })
})

function sectionOf({ name, summary, command }: { readonly name: string; readonly summary: string; readonly command: Command }): string {
  return [
    `## holdfast ${name}${command.usage === '' ? '' : ` ${command.usage.replaceAll(/[[\]|]/g, '\\$&')}`}`,
    '',
    ...[`${summary}.`, ...paragraphsOf(command)].flatMap((paragraph) => [...wrap(paragraph, 120), '']),
    '```sh',
    ...command.examples.flatMap(({ line, does }) => [`# ${does}`, `holdfast ${line}`]),
    '```',
    '',
    ...flagTable(command.flags),
  ].join('\n')
}

function flagTable(flags: Flags): string[] {
  const shown = Object.values(flags).filter((flag) => !flag.isHidden)
  if (shown.length === 0) return []
  return [
    '| flag | meaning |',
    '|---|---|',
    ...shown.map(({ syntax, help }) => `| \`${syntax.replaceAll('|', '\\|')}\` | ${help.replaceAll('|', '\\|')} |`),
    '',
  ]
}

const INTRODUCTION = `# Commands

This is what \`holdfast help\` says, on one page; a test holds it to the program. Commands, flags, exit codes and
\`--json\` messages are those of restic, so that a script written for restic works with the name changed. What differs:

- \`start\`, \`storage verify\` and \`completion\` are Holdfast's own. \`mount\`, \`self-update\` and \`features\` do not exist.
- A snapshot ID that fits nothing is an error, and so is a path to back up that does not exist (the rest is backed up, and
  the exit status is 3).
- \`check\` takes all snapshots whatever \`RESTIC_HOST\` says, as restic 0.18 does; \`--host\` narrows it.
- \`check --json\` adds the \`kind\` of each finding. Warnings, such as of a file that changed while it was read, are messages of
  the type \`warning\` on the error channel.

Exit status: 0 done, 1 failed, 3 done in part (some files could not be read, or some snapshots not be removed), 10 there is no
repository, 11 it is locked, 12 wrong password, 130 interrupted.

The repository is named by \`-r\` or [the environment](../reference/environment.md). These flags work with every command, before
or behind its name:

${flagTable(GLOBAL_FLAGS).join('\n')}`

const ENVIRONMENT = `# Environment

What the \`holdfast\` command reads from its environment; a test holds this page to the program. Flags count over variables. Where two
names are given, the first that is set counts, so that \`HOLDFAST_…\` wins over restic's name. If any of the variables that name the
repository, or its password, has a name of Holdfast's own, restic's names for the same thing do not count at all. Empty variables count as
not set. Pattern files (\`--exclude-file\` and the like) may name any variable.

| variable | meaning |
|---|---|`
