import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AgentSettings, readAgentSettings } from '@holdfast/agent'
import { messageOf } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import type { CommandContext } from '../command-line/command.ts'
import { text } from '../command-line/flag.ts'

/** What all commands of the agent can be told. */
export const AGENT_FLAGS = {
  state: text('--state <folder>', 'keep what the agent must not forget here (default: $HOLDFAST_AGENT_STATE)', 'folder'),
}

/** The settings of the agent, from its flags and the environment. @throws {AgentError} `settings.invalid` */
export function agentSettings(
  context: CommandContext,
  flags: { readonly state: string | undefined; readonly policy?: string | undefined },
): AgentSettings {
  const { environment } = context
  return readAgentSettings({
    stateFolder: flags.state ?? environment.get('agentState') ?? defaultStateFolder(context),
    policyFile: flags.policy ?? environment.get('agentPolicy'),
    serverUrl: environment.get('serverUrl'),
    username: environment.get('serverUsername'),
    password: environment.get('serverPassword'),
    clientName: environment.get('clientName'),
    monitoredPaths: environment.get('monitoredPaths'),
    preCommands: environment.get('preCommands'),
    pingInterval: environment.get('pingInterval'),
    backupInterval: environment.get('backupInterval'),
    pageEnabled: environment.get('agentPage'),
    pageHost: environment.get('agentPageHost'),
    pagePort: environment.get('agentPagePort'),
    allowCommands: environment.get('allowCommands'),
    allowRestores: environment.get('allowRestores'),
  })
}

/** Certificates that the user trusts, in PEM; undefined for those of the system. @throws {CommandFailure} for files that cannot be read. */
export function trustedCertificates({ globals, environment }: CommandContext): string | undefined {
  const named = globals.cacert.length > 0 ? globals.cacert : (environment.get('cacert')?.split(',') ?? [])
  if (named.length === 0) return undefined
  try {
    return named.map((path) => readFileSync(path, 'utf8')).join('\n')
  } catch (error) {
    throw new CommandFailure('usage', `cannot read the certificates: ${messageOf(error)}`, { cause: error })
  }
}

/** A path as the protocol writes it: `%` and control characters as `%` and two digits. */
export function snapshotAddress(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  return path.replaceAll(/[\x00-\x1f%\x7f]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}

/** Where services keep their state for root; for others below their home folder. */
function defaultStateFolder({ environment }: CommandContext): string {
  if (process.getuid?.() === 0) return '/var/lib/holdfast-agent'
  const home = environment.get('home')
  const base = environment.get('xdgStateHome') ?? (home === undefined ? undefined : join(home, '.local/state'))
  if (base === undefined) throw new CommandFailure('usage', 'cannot tell where the agent keeps its state; set HOLDFAST_AGENT_STATE')
  return join(base, 'holdfast-agent')
}
