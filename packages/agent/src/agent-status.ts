import { finishRunSchema, timeSchema } from '@holdfast/protocol'
import { z } from 'zod'
import type { StateFolder } from './state/state-folder.ts'

const FILE = 'status.json'

const runOutlineSchema = z.object({ runId: z.int(), kind: z.string(), name: z.string(), startedAt: timeSchema })

const statusSchema = z.object({
  /** Whether the server answered when it was last asked; null before that. */
  isReachable: z.boolean().nullable(),
  /** When the server last answered. */
  heardAt: timeSchema.nullable(),
  /** Why it cannot be worked with now. */
  problem: z.string().nullable(),
  currentRun: runOutlineSchema.nullable(),
  lastRun: runOutlineSchema.extend({ finishedAt: timeSchema, outcome: finishRunSchema }).nullable(),
})

/** How an agent is, for its page and for `holdfast agent status`. */
export type AgentStatus = z.output<typeof statusSchema>

const UNKNOWN: AgentStatus = { isReachable: null, heardAt: null, problem: null, currentRun: null, lastRun: null }

/** Keeps how the agent is, in memory and on disk. */
export class StatusBoard {
  readonly #folder: StateFolder
  #status: AgentStatus
  #writing: Promise<void> = Promise.resolve()

  private constructor(folder: StateFolder, status: AgentStatus) {
    this.#folder = folder
    this.#status = status
  }

  /** What the last process left, but for the run that it was on. */
  static async open(folder: StateFolder): Promise<StatusBoard> {
    return new StatusBoard(folder, { ...(await readStatus(folder)), currentRun: null, isReachable: null })
  }

  get current(): AgentStatus {
    return this.#status
  }

  /** Changes what is different; the file follows, whatever becomes of it is nobody's concern. */
  change(changes: Partial<AgentStatus>): void {
    const isTold = Object.keys(changes).some((name) => name !== 'heardAt') && !sameAs(this.#status, changes)
    this.#status = { ...this.#status, ...changes }
    // The time of the last answer alone is not worth a write of the disk each time.
    if (isTold) this.#writing = this.#writing.then(() => this.#folder.write(FILE, this.#status)).catch(() => undefined)
  }

  /** Resolves when the file is up to date. */
  async flush(): Promise<void> {
    this.change({ currentRun: null })
    this.#writing = this.#writing.then(() => this.#folder.write(FILE, this.#status)).catch(() => undefined)
    await this.#writing
  }
}

/** What an agent has left of itself; as if it had never run when there is nothing or nothing that fits. */
export async function readStatus(folder: StateFolder): Promise<AgentStatus> {
  return (await folder.read(FILE, statusSchema).catch(() => undefined)) ?? UNKNOWN
}

function sameAs(status: AgentStatus, changes: Partial<AgentStatus>): boolean {
  return (['isReachable', 'problem', 'currentRun', 'lastRun'] as const).every(
    (name) => !(name in changes) || changes[name] === status[name],
  )
}
