import { type FinishRun, finishRunSchema, type LogEntry, logEntrySchema } from '@holdfast/protocol'
import { z } from 'zod'
import { isAgentError } from '../errors.ts'
import type { ServerLink } from '../link/server-link.ts'
import type { StateFolder } from './state-folder.ts'

const RUNNING = 'running.json'
const PREFIX = 'finished-'
/** As many as the server takes at once. */
const LINES_PER_CALL = 500
const INTERRUPTED: FinishRun = {
  state: 'error',
  snapshotId: null,
  statistics: null,
  error: { code: 'run.interrupted', message: 'Interrupted: the agent ended before the run was at its end' },
}

const messageSchema = z.object({ runId: z.int(), outcome: finishRunSchema, log: z.array(logEntrySchema) })
const runningSchema = z.object({ runId: z.int() })

/** The end of a run, with what its log lacks. */
export interface FinishMessage {
  readonly runId: number
  readonly outcome: FinishRun
  readonly log: readonly LogEntry[]
}

/** Ends of runs that the server does not know of yet; they outlive the agent. */
export class Outbox {
  readonly #folder: StateFolder

  constructor(folder: StateFolder) {
    this.#folder = folder
  }

  /** Notes that a run is begun, so that its end is told even if this process dies. */
  async begin(runId: number): Promise<void> {
    await this.#folder.write(RUNNING, { runId })
  }

  /** Keeps the end of a run until the server has it. */
  async put(message: FinishMessage): Promise<void> {
    await this.#folder.write(`${PREFIX}${message.runId}.json`, message)
    await this.#folder.remove(RUNNING)
  }

  /** Forgets a run that the server has given up. */
  async drop(): Promise<void> {
    await this.#folder.remove(RUNNING)
  }

  /** Makes ends of runs that died with an earlier process. */
  async recover(): Promise<void> {
    const running = await this.#folder.read(RUNNING, runningSchema)
    if (running === undefined) return
    const isFinished = (await this.#folder.names(`${PREFIX}${running.runId}.`)).length > 0
    if (isFinished) await this.drop()
    else await this.put({ runId: running.runId, outcome: INTERRUPTED, log: [] })
  }

  /**
   * Tells the server of everything. What it does not want to know is dropped and given to `onRefused`.
   * @throws {AgentError} as `ServerLink` does, when the server cannot be told now.
   */
  async deliver(
    link: Pick<ServerLink, 'sendEvents' | 'finish'>,
    options: { readonly signal: AbortSignal; readonly onRefused: (runId: number, error: Error) => void },
  ): Promise<void> {
    for (const name of await this.#folder.names(PREFIX)) {
      const message = await this.#folder.read(name, messageSchema)
      if (message === undefined) continue
      try {
        await send(link, message, options.signal)
      } catch (error) {
        if (!isAgentError(error, 'link.refused')) throw error
        options.onRefused(message.runId, error)
      }
      await this.#folder.remove(name)
    }
  }
}

async function send(
  link: Pick<ServerLink, 'sendEvents' | 'finish'>,
  { runId, outcome, log }: FinishMessage,
  signal: AbortSignal,
): Promise<void> {
  for (let from = 0; from < log.length; from += LINES_PER_CALL) {
    await link.sendEvents(runId, { log: log.slice(from, from + LINES_PER_CALL) }, signal).catch((error: unknown) => {
      // The run has ended there already; how it ended is told all the same.
      if (!isAgentError(error, 'link.refused')) throw error
    })
  }
  await link.finish(runId, outcome, signal)
}
