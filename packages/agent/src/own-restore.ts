import { type Clock, messageOf, secureRandom } from '@holdfast/engine'
import type { FinishRun, LogLevel, OwnRestore, OwnSnapshots, RunProgress } from '@holdfast/protocol'
import { AgentError } from './errors.ts'
import { RunReport } from './link/run-report.ts'
import { ServerLink } from './link/server-link.ts'
import { managedRestore } from './managed-work.ts'
import { executeRun } from './runner/execute-run.ts'
import { UNRESTRICTED } from './runner/machine-policy.ts'
import { readEnrolment, type StoredEnrolment } from './state/enrolment.ts'
import type { StateFolder } from './state/state-folder.ts'

/** What asking the server on behalf of this machine needs. */
export interface OwnRestoreOptions {
  readonly folder: StateFolder
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly certificateAuthority?: string | undefined
}

/** What is shown of a restore while it goes on. */
export interface RestoreListener {
  log(level: LogLevel, message: string): void
  progress(progress: RunProgress): void
}

/** The snapshots of this machine at its server, newest first. @throws {AgentError} `settings.missing`, `link.*` */
export async function ownSnapshots(options: OwnRestoreOptions): Promise<OwnSnapshots['items']> {
  const { link } = await open(options)
  using _link = link
  return (await link.snapshots(options.signal)).items
}

/**
 * Restores one of this machine's snapshots, beside an agent that may be at work. It is the person at the machine who asks, so that the
 * policy, which is for servers, does not count.
 * @throws {AgentError} `settings.missing`, `link.*`; the signal's reason when aborted
 */
export async function restoreHere(
  request: Omit<OwnRestore, 'instance'>,
  options: OwnRestoreOptions & { readonly listener: RestoreListener },
): Promise<FinishRun> {
  const { clock, signal, certificateAuthority, listener } = options
  const { link, enrolment } = await open(options)
  using _link = link
  const order = await link.beginRestore({ ...request, instance: secureRandom(12).toString('hex') }, signal)
  await using report = new RunReport(order, { link, clock })
  const restore = managedRestore({ serverUrl: enrolment.serverUrl, token: () => enrolment.token, clock, certificateAuthority })
  const outcome = await executeRun(order, {
    ...{ clock, restore, policy: UNRESTRICTED, environment: {} },
    signal: AbortSignal.any([signal, report.signal]),
    backup: () => Promise.reject(new AgentError('run.unsupported', 'Cannot back up: this is a restore')),
    log(level, message) {
      report.log(level, message)
      listener.log(level, message)
    },
    progress(progress) {
      report.progress(progress)
      listener.progress(progress)
    },
  }).catch((error: unknown): FinishRun => endedBy(report.verdict, error))
  const log = await report.close()
  // What the server does not hear of now it finds out by the lease.
  if (log.length > 0) await link.sendEvents(order.runId, { log: log.slice(-500) }).catch(() => undefined)
  await link.finish(order.runId, outcome).catch((error: unknown) => listener.log('warning', messageOf(error)))
  signal.throwIfAborted()
  return outcome
}

async function open(options: OwnRestoreOptions): Promise<{ readonly link: ServerLink; readonly enrolment: StoredEnrolment }> {
  const { folder, clock, certificateAuthority } = options
  const enrolment = await readEnrolment(folder)
  if (enrolment === undefined) throw new AgentError('settings.missing', 'Cannot restore: this machine is not in at any server')
  const { serverUrl, token } = enrolment
  return { enrolment, link: new ServerLink({ serverUrl, token: () => token, clock, certificateAuthority }) }
}

function endedBy(verdict: RunReport['verdict'], error: unknown): FinishRun {
  const nothing = { snapshotId: null, statistics: null }
  if (verdict === 'lost') return { state: 'error', ...nothing, error: { code: 'run.lost', message: messageOf(error) } }
  return { state: 'cancelled', ...nothing, error: null }
}
