import type { Clock } from '@holdfast/engine'
import type { Run, RunLogEntry } from '@holdfast/protocol'
import type { FastifyReply } from 'fastify'
import { notFound, ServerError } from '../../errors.ts'
import { sees, type UserActor, visibleOwner } from '../../http/actor.ts'
import { EventStream } from './event-stream.ts'
import type { RunFeed, RunListener } from './run-feed.ts'
import { type LiveProgress, toLogEntry, toRun } from './run-view.ts'
import type { RunStore, StoredRun } from './store.ts'

const STREAMS_MAX = 2000
const STREAMS_PER_USER_MAX = 20
/** How much is made up for when a reader comes again; one who missed more loads its lists anew. */
const RECOVERED_MAX = 500
/** Clocks of servers may differ: what changed a little before the last event is told again, which does no harm. */
const SKEW_MS = 10_000
const LOG_TAIL = 200
const LOG_LINES_MAX = 1000
const HELD_BACK_MAX = 5000

export interface RunWatchOptions {
  readonly store: RunStore
  readonly feed: RunFeed
  readonly live: LiveProgress
  readonly clock: Clock
}

/** Who watches what. */
export interface Watcher {
  readonly actor: UserActor
  /** How the stream was authenticated: asked again while it lasts. */
  readonly by: { readonly sessionId: number } | { readonly tokenHash: string }
  readonly reply: FastifyReply
  readonly lastEventId: string | undefined
  /** One run alone; all that the actor may see when absent. */
  readonly runId?: number
  /** Runs whose log is wanted too. */
  readonly logsOf: readonly number[]
}

/** Where a reader is: the time of the last change that it knows, and the id of the last line of a log. */
interface Position {
  changedAt: number
  logId: number
}

/** Streams of what happens to runs, for browsers. */
export class RunWatch {
  readonly #options: RunWatchOptions
  readonly #streams = new Map<EventStream, number>()

  constructor(options: RunWatchOptions) {
    this.#options = options
  }

  /**
   * Answers with a stream that begins where the reader left off. The stream of one run ends with the run; who comes again after that gets
   * 204, which tells browsers to stay away.
   * @throws {ServerError} `not-found` for runs that the actor does not see; `request.too-many`.
   */
  async watch(watcher: Watcher): Promise<void> {
    const { actor, reply, runId, logsOf } = watcher
    this.#refuseTooMany(actor)
    const runs = await Promise.all(logsOf.map((id) => this.#visible(actor, id)))
    const run = runs.find(({ id }) => id === runId)
    const position = readPosition(watcher.lastEventId)
    if (run?.finished_at != null && position !== undefined && (await this.#knowsAll(run, position))) {
      await reply.status(204).send(null)
      return
    }
    const reading = new Reading(this.#options, { watcher, position, onEnd: (stream) => this.#streams.delete(stream) })
    this.#streams.set(reading.stream, actor.userId)
    await reading.catchUp()
  }

  /** Ends all streams, so that the server can stop. */
  close(): void {
    for (const stream of [...this.#streams.keys()]) stream.end()
  }

  async #knowsAll(run: StoredRun, { changedAt, logId }: Position): Promise<boolean> {
    return changedAt >= run.changed_at && (await this.#options.store.logLines([run.id], { after: logId, limit: 1 })).length === 0
  }

  async #visible(actor: UserActor, id: number): Promise<StoredRun> {
    const run = await this.#options.store.find(id)
    if (run === undefined || !sees(actor, run.owner_id)) throw notFound(`the run ${id}`)
    return run
  }

  #refuseTooMany({ userId }: UserActor): void {
    const own = [...this.#streams.values()].filter((id) => id === userId).length
    if (own < STREAMS_PER_USER_MAX && this.#streams.size < STREAMS_MAX) return
    throw new ServerError('request.too-many', 'Cannot watch runs: too many streams are open', { retryAfterSeconds: 30 })
  }
}

interface ReadingOptions {
  readonly watcher: Watcher
  readonly position: Position | undefined
  readonly onEnd: (stream: EventStream) => void
}

/** One stream: it tells first what was missed, then what happens. */
class Reading implements RunListener {
  readonly stream: EventStream
  readonly logsOf: ReadonlySet<number>
  readonly #options: RunWatchOptions
  readonly #watcher: Watcher
  readonly #isNew: boolean
  readonly #position: Position
  /** What happens while it catches up. */
  #heldBack: (() => void)[] | undefined = []

  constructor(options: RunWatchOptions, { watcher, position, onEnd }: ReadingOptions) {
    this.#options = options
    this.#watcher = watcher
    this.#isNew = position === undefined
    this.#position = position ?? { changedAt: options.clock.now(), logId: 0 }
    this.logsOf = new Set(watcher.logsOf)
    const unsubscribe = options.feed.subscribe(this)
    const { role } = watcher.actor
    this.stream = new EventStream(watcher.reply, {
      clock: options.clock,
      mayContinue: () => options.store.isSignedIn(watcher.by, { role, now: options.clock.now() }),
      onEnd: () => {
        unsubscribe()
        onEnd(this.stream)
      },
    })
  }

  wants(run: StoredRun): boolean {
    return sees(this.#watcher.actor, run.owner_id) && (this.#watcher.runId ?? run.id) === run.id
  }

  onRun(run: Run, changedAt: number): void {
    this.#whenCaughtUp(() => {
      if (this.#watcher.runId === undefined || run.finishedAt === null) this.#sendRun(run, changedAt)
      else void this.#endWith(run, changedAt)
    })
  }

  onLog(runId: number, entries: readonly RunLogEntry[]): void {
    this.#whenCaughtUp(() => this.#sendLog(runId, entries))
  }

  /** Tells what was missed. A failure ends the stream: its reader comes again. */
  async catchUp(): Promise<void> {
    try {
      const runs = await this.#missedRuns()
      for (const id of this.logsOf) await this.#catchUpLog(id)
      const changes = runs.sort((left, right) => left.changed_at - right.changed_at)
      for (const run of changes) this.#sendRun(toRun(run, this.#options.live), run.changed_at)
      const held = this.#heldBack ?? []
      this.#heldBack = undefined
      for (const tell of held) tell()
      if (this.#watcher.runId !== undefined && runs[0]?.finished_at != null) this.stream.end()
    } catch {
      this.stream.end()
    }
  }

  async #missedRuns(): Promise<StoredRun[]> {
    const { store } = this.#options
    const { runId, actor } = this.#watcher
    if (runId !== undefined) {
      const run = await store.find(runId)
      return run === undefined ? [] : [run]
    }
    if (this.#isNew) return store.list({ ownerId: visibleOwner(actor), states: ['pending', 'running'], limit: RECOVERED_MAX })
    const changed = await store.changedSince(this.#position.changedAt - SKEW_MS, RECOVERED_MAX)
    if (changed.length < RECOVERED_MAX) return changed.filter((run) => this.wants(run))
    this.stream.send({ event: 'reset', id: this.#id, data: {} })
    return []
  }

  async #catchUpLog(runId: number): Promise<void> {
    const { store, feed } = this.#options
    let after = this.#isNew ? await store.logTail(runId, LOG_TAIL) : this.#position.logId
    for (;;) {
      const lines = await store.logLines([runId], { after, limit: LOG_LINES_MAX })
      after = lines.at(-1)?.id ?? after
      this.#sendLog(runId, lines.map(toLogEntry))
      if (lines.length < LOG_LINES_MAX) break
    }
    feed.startLog(this, runId, after)
  }

  async #endWith(run: Run, changedAt: number): Promise<void> {
    try {
      const lines = await this.#options.store.logLines([run.id], { after: this.#position.logId, limit: LOG_LINES_MAX })
      this.#sendLog(run.id, lines.map(toLogEntry))
      this.#sendRun(run, changedAt)
    } finally {
      this.stream.end()
    }
  }

  #sendRun(run: Run, changedAt: number): void {
    this.#position.changedAt = Math.max(this.#position.changedAt, changedAt)
    this.stream.send({ event: 'run', id: this.#id, data: run })
  }

  #sendLog(runId: number, entries: readonly RunLogEntry[]): void {
    const last = entries.at(-1)
    if (last === undefined) return
    this.#position.logId = Math.max(this.#position.logId, last.id)
    this.stream.send({ event: 'log', id: this.#id, data: { runId, entries } })
  }

  #whenCaughtUp(tell: () => void): void {
    this.#heldBack?.push(tell)
    if (this.#heldBack === undefined) tell()
    else if (this.#heldBack.length > HELD_BACK_MAX) this.stream.end()
  }

  get #id(): string {
    return `${this.#position.changedAt}-${this.#position.logId}`
  }
}

function readPosition(lastEventId: string | undefined): Position | undefined {
  const [, changedAt, logId] = /^(\d{1,15})-(\d{1,15})$/.exec(lastEventId ?? '') ?? []
  return changedAt === undefined || logId === undefined ? undefined : { changedAt: Number(changedAt), logId: Number(logId) }
}
