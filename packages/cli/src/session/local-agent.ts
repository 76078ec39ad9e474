import { join } from 'node:path'
import { AgentError, keepEnrolment, type RunAgentOptions, readAgentSettings, runAgent, StateFolder, UNRESTRICTED } from '@holdfast/agent'
import { messageOf, systemClock } from '@holdfast/engine'
import type { LocalAgentProcess, LocalAgentProgram, LocalEntrance } from '@holdfast/server'
import type { CommandContext } from '../command-line/command.ts'
import type { Printer } from '../output/printer.ts'
import { programVersion } from '../program-version.ts'

/** The agent of the machine that the server runs on. It may do all that the server may, but for the server's own data. */
export function localAgentOf(context: CommandContext, options: LocalAgentOptions): LocalAgentProgram {
  return { start: (entrance) => startLocalAgent(entrance, { ...options, environment: context.environment.all() }) }
}

export interface LocalAgentOptions {
  readonly printer: Printer
  readonly dataFolder: string
}

async function startLocalAgent(
  { serverUrl, enrolled, repositoryFolders }: LocalEntrance,
  { environment, printer, dataFolder }: LocalAgentOptions & Pick<RunAgentOptions, 'environment'>,
): Promise<LocalAgentProcess> {
  const stateFolder = join(dataFolder, 'local-agent')
  const folder = await StateFolder.open(stateFolder)
  await keepEnrolment(folder, serverUrl, enrolled)
  const stopping = new AbortController()
  const ended = runAgent({
    settings: readAgentSettings({ stateFolder, pageEnabled: 'false' }),
    version: programVersion(),
    clock: systemClock,
    signal: stopping.signal,
    environment,
    policy: async () => {
      // A backup of a repository into itself would never come to an end of growing, and a restore over it would be the end of it.
      const folders = await repositoryFolders().catch((error: unknown) => {
        // Asked again like a policy file that cannot be read: the database may be back in a moment.
        throw new AgentError('policy.invalid', `Cannot look up the folders of repositories: ${messageOf(error)}`, { cause: error })
      })
      const own = [dataFolder, ...folders]
      return { ...UNRESTRICTED, neverBackupPaths: own, neverRestorePaths: own }
    },
    print: (level, message) => (level === 'warning' || level === 'error' ? printer.warn(message) : undefined),
  }).catch((error: unknown) => printer.warn(`the agent of this machine has ended: ${messageOf(error)}`))
  return {
    ended,
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await ended
    },
  }
}
