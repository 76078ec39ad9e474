import { readFile } from 'node:fs/promises'
import { messageOf, systemClock } from '@holdfast/engine'
import type { MaintenanceTask, Run } from '@holdfast/protocol'
import { loadSettings, type RunningServer, type Settings, startServer } from '@holdfast/server'
import type { CommandContext } from '../command-line/command.ts'
import { formatBytes, formatPercent, formatSeconds } from '../output/format.ts'
import type { Printer } from '../output/printer.ts'
import { checkedWords } from './checked-words.ts'
import { localAgentOf } from './local-agent.ts'
import { announceServer, untilInterrupted } from './running-server.ts'

const LOOK_EVERY_MS = 250

export interface ServeHereOptions {
  readonly printer: Printer
  /** The repository that is there already, and the file with its password. */
  readonly files: { readonly repository: string; readonly password: string }
  /** To be protected from now on; nothing more than before when there are none. */
  readonly folders: readonly string[]
}

/** Serves from this machine, and protects it, until the command is interrupted. */
export async function serveHere(context: CommandContext, options: ServeHereOptions): Promise<void> {
  const { printer, folders } = options
  const settings = settingsOf(context)
  const server = await startServer({ settings, localAgent: localAgentOf(context, { printer, dataFolder: settings.data }) })
  try {
    announceServer(server, printer)
    await protectHere(server, context, { ...options, settings })
  } finally {
    await server.stop()
  }
  if (folders.length > 0) printer.info('stopped; the next backup is made when it is started again')
}

async function protectHere(
  server: RunningServer,
  context: CommandContext,
  { printer, files, folders, settings }: ServeHereOptions & { readonly settings: Settings },
): Promise<void> {
  const { localMachine } = server
  if (folders.length === 0 && !(await localMachine.isClient())) return untilInterrupted(context)
  await server.startLocalAgent()
  if (folders.length > 0) {
    const password = (await readFile(files.password, 'utf8')).trim()
    if (settings.s3Bucket === '') await localMachine.adoptDefault({ location: files.repository, password })
    const { id } = await localMachine.protect(folders)
    try {
      const watch = { printer, signal: context.signal }
      const run = await ended(server, id, watch)
      if (reportEnd(run, printer) && run.repositoryId !== null) await check(server, run.repositoryId, watch)
    } catch (error) {
      if (!context.signal.aborted) printer.warn(messageOf(error))
    }
    printer.info('Protected from now on as its plan says, as long as this runs; Ctrl-C stops it')
  }
  await untilInterrupted(context)
}

interface Watch {
  readonly printer: Printer
  readonly signal: AbortSignal
}

/** The run as it has ended. How far it is is shown to whoever sits there. */
async function ended({ localMachine }: RunningServer, id: number, { printer, signal }: Watch): Promise<Run> {
  for (;;) {
    const run = await localMachine.run(id)
    if (!['pending', 'running'].includes(run.state)) {
      printer.terminal.setStatus([])
      return run
    }
    if (run.progress !== null && printer.terminal.canUpdateStatus) printer.terminal.setStatus([progressLine(run.progress)])
    await systemClock.sleep(LOOK_EVERY_MS, signal)
  }
}

/** Has the server check the repository, which so knows of it, and says what it found. */
async function check({ localMachine }: RunningServer, repositoryId: number, { printer, signal }: Watch): Promise<void> {
  const before = await localMachine.check(repositoryId)
  await localMachine.askForCheck(repositoryId)
  if (printer.terminal.canUpdateStatus) printer.terminal.setStatus(['checking the repository'])
  for (;;) {
    const task = await localMachine.check(repositoryId)
    if (task !== undefined && !task.isRequested) {
      printer.terminal.setStatus([])
      return reportCheck(task, { printer, isNew: task.succeededAt !== before?.succeededAt, localMachine })
    }
    await systemClock.sleep(LOOK_EVERY_MS, signal)
  }
}

async function reportCheck(
  { error, runId }: MaintenanceTask,
  { printer, isNew, localMachine }: Pick<Watch, 'printer'> & Pick<RunningServer, 'localMachine'> & { readonly isNew: boolean },
): Promise<void> {
  if (error !== null) return printer.warn(`the check of the repository failed: ${error}`)
  if (!isNew || runId === null) return printer.warn('the check of the repository was cancelled')
  const { statistics } = await localMachine.run(runId)
  printer.success(checkedWords(statistics?.other?.snapshots ?? 0))
}

function progressLine({ phase, doneFiles, doneBytes, totalBytes, currentItem }: NonNullable<Run['progress']>): string {
  const share = totalBytes === null ? '' : `${formatPercent(doneBytes, totalBytes)} `
  return `${phase}: ${share}${doneFiles} files, ${formatBytes(doneBytes)} ${currentItem ?? ''}`.trimEnd()
}

/** Whether there is a snapshot now. */
function reportEnd({ snapshotId, statistics, error }: Run, printer: Printer): boolean {
  if (error !== null) printer.warn(`the backup failed: ${error.message}; it is tried again tomorrow, or when this is started again`)
  if (snapshotId === null) return false
  const { filesNew = 0, filesChanged = 0, filesUnmodified = 0, addedBytes = 0, storedBytes = 0 } = statistics ?? {}
  const { fileCount = 0, totalBytes = 0, durationMs = 0, errorCount = 0 } = statistics ?? {}
  printer.info(`Files: ${filesNew} new, ${filesChanged} changed, ${filesUnmodified} unmodified`)
  printer.info(`Added to the repository: ${formatBytes(addedBytes)} (${formatBytes(storedBytes)} stored)`)
  printer.info(`processed ${fileCount} files, ${formatBytes(totalBytes)} in ${formatSeconds(durationMs / 1000)}`)
  if (errorCount > 0) printer.warn(`${errorCount} files could not be read; the log of the run names them`)
  printer.result(`snapshot ${snapshotId.slice(0, 8)} saved`)
  return true
}

/** People watch this one: the lines of requests would hide what matters to them. */
function settingsOf({ environment }: CommandContext): Settings {
  return loadSettings({ environment: environment.all(), folder: process.cwd(), wishes: { logLevel: 'warn' } })
}
