import type { CommandContext } from './command-line/command.ts'
import { commandEntry, findCommand } from './command-line/find-command.ts'
import { parseArguments } from './command-line/parse-arguments.ts'
import { COMMANDS, isCommandGroup } from './command-list.ts'

/** What the process gives to a command line. */
export type Surroundings = Omit<CommandContext, 'globals' | 'commands'>

/** Runs one command line; rejects with what went wrong. */
export async function runCommandLine(args: readonly string[], surroundings: Surroundings): Promise<void> {
  const found = findCommand(args)
  if (found.kind === 'help') return showHelp(found.topic, surroundings)
  const command = await found.entry.load()
  const parsed = parseArguments(command, found.rest)
  if (parsed.wantsHelp) return showHelp(found.entry.name, surroundings)
  await command.run({ ...surroundings, globals: parsed.globals, commands: COMMANDS }, parsed.input)
}

async function showHelp(topic: string, { terminal }: Surroundings): Promise<void> {
  const { commandHelp, generalHelp, groupHelp } = await import('./command-line/help.ts')
  const entry = commandEntry(topic)
  const lines = entry !== undefined ? commandHelp(entry, await entry.load()) : isCommandGroup(topic) ? groupHelp(topic) : generalHelp()
  for (const line of lines) terminal.print(line)
}
