import { join } from 'node:path'
import { keepEnrolment, readAgentSettings, runAgent, StateFolder, UNRESTRICTED } from '@holdfast/agent'
import { messageOf, systemClock } from '@holdfast/engine'
import type { RunningServer } from '@holdfast/server'
import type { CommandContext } from '../command-line/command.ts'
import type { Printer } from '../output/printer.ts'
import { programVersion } from '../program-version.ts'

/** An agent in the process of its server. */
export interface LocalAgent extends AsyncDisposable {
  /** Resolves when the agent has ended, for whatever reason. */
  readonly ended: Promise<void>
}

/** Starts the agent of the machine that the server runs on. It may do all that the server may, but for the server's own data. */
export async function startLocalAgent(
  server: RunningServer,
  { context, printer, dataFolder }: { readonly context: CommandContext; readonly printer: Printer; readonly dataFolder: string },
): Promise<LocalAgent> {
  const stateFolder = join(dataFolder, 'local-agent')
  const folder = await StateFolder.open(stateFolder)
  await keepEnrolment(folder, server.loopbackUrl, await server.localMachine.enrol())
  const stopping = new AbortController()
  const ended = runAgent({
    settings: readAgentSettings({ stateFolder, pageEnabled: 'false' }),
    version: programVersion(),
    clock: systemClock,
    signal: stopping.signal,
    environment: context.environment.all(),
    policy: { ...UNRESTRICTED, neverBackupPaths: [dataFolder], neverRestorePaths: [dataFolder] },
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
