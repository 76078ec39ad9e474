import type { BlobId, Clock, SnapshotId, Timestamp } from '@holdfast/engine'
import type { ClientSettings, PlanDefinition, PreviewRetention, Retention, RetentionPreview } from '@holdfast/protocol'
import { notFound } from '../../errors.ts'
import { sees, type UserActor } from '../../http/actor.ts'
import { calendarOf, isPartial, type JudgedSnapshot, type Judgement, judgeSnapshots, sourceOf } from './retention.ts'
import type { MaintenanceStore, RegisteredOwnSnapshot } from './store.ts'

/** What the preview needs to know of clients. */
export interface PreviewClients {
  /** @throws {ServerError} `not-found` for clients that are not there or not the actor's. */
  visible(actor: UserActor, clientId: number): Promise<unknown>
  /** What counts on a client for a plan, or for no plan, if its settings were changed in this way. */
  effective(
    clientId: number,
    definition: PlanDefinition | undefined,
    changed?: Partial<ClientSettings>,
  ): Promise<{ readonly retention: Retention | null }>
}

export interface RetentionPreviewerOptions {
  readonly store: Pick<MaintenanceStore, 'snapshotsOfClient' | 'definitionsOfClient' | 'plan'>
  readonly clients: PreviewClients
  readonly clock: Clock
}

/** What a request is about once it is known to be the actor's. */
interface Subject {
  readonly clientId: number
  readonly planId: number | undefined
  readonly definition: PlanDefinition | undefined
  /** Puts the policy that is tried in the place of the one that is stored. */
  effective(definition: PlanDefinition | undefined): Promise<Retention | null>
}

interface RegisteredSnapshot extends JudgedSnapshot {
  readonly row: RegisteredOwnSnapshot
  readonly paths: readonly string[]
}

/** Snapshots that are looked at: those of half a year of one each hour. */
const LOOKED_AT_MAX = 5000
const SHOWN_MAX = 1000

/** Says what a policy would do before it is set. It reads no repository. */
export class RetentionPreviewer {
  readonly #options: RetentionPreviewerOptions

  constructor(options: RetentionPreviewerOptions) {
    this.#options = options
  }

  /** @throws {ServerError} `not-found` for plans and clients that are not there or not the actor's. */
  async preview(actor: UserActor, request: PreviewRetention): Promise<RetentionPreview> {
    const { store, clock } = this.#options
    const subject = await this.#subject(actor, request)
    const rows = await store.snapshotsOfClient(subject.clientId, { planId: subject.planId, limit: LOOKED_AT_MAX + 1 })
    const definitions = await store.definitionsOfClient(subject.clientId)
    const judged = new Map<RegisteredOwnSnapshot, Judgement<RegisteredSnapshot>>()
    for (const [row, ...others] of sourcesIn(rows.slice(0, LOOKED_AT_MAX))) {
      const json = row.plan_id === null ? undefined : definitions.get(row.plan_id)
      const definition = json === undefined ? undefined : (JSON.parse(json) as PlanDefinition)
      const retention = await subject.effective(definition)
      const options = { retention, clock, timeZone: calendarOf(definition) }
      for (const judgement of judgeSnapshots([row, ...others].map(toSnapshot), options)) judged.set(judgement.snapshot.row, judgement)
    }
    const all = rows.flatMap((row) => judged.get(row) ?? [])
    return {
      effectiveRetention: await subject.effective(subject.definition),
      keptCount: all.filter(({ isKept }) => isKept).length,
      removedCount: all.filter(({ isKept }) => !isKept).length,
      items: all.slice(0, SHOWN_MAX).map(toItem),
      hasMore: rows.length > LOOKED_AT_MAX,
    }
  }

  async #subject(actor: UserActor, request: PreviewRetention): Promise<Subject> {
    const { store, clients } = this.#options
    const { retention } = request
    if ('clientId' in request) {
      const { clientId } = request
      await clients.visible(actor, clientId)
      const effective = async (definition: PlanDefinition | undefined): Promise<Retention | null> =>
        (await clients.effective(clientId, definition, { retention })).retention
      return { clientId, planId: undefined, definition: undefined, effective }
    }
    const { planId } = request
    const plan = await store.plan(planId)
    if (plan === undefined || !sees(actor, plan.owner_id)) throw notFound(`the plan ${planId}`)
    const definition = JSON.parse(plan.definition) as PlanDefinition
    const inherited = await clients.effective(plan.client_id, { ...definition, retention: null })
    return { clientId: plan.client_id, planId, definition, effective: async () => retention ?? inherited.retention }
  }
}

/** A prune looks after one repository, and there after one source after the other. */
function sourcesIn(rows: readonly RegisteredOwnSnapshot[]): [RegisteredOwnSnapshot, ...RegisteredOwnSnapshot[]][] {
  const sources = Map.groupBy(rows, ({ repository_id, client_id, plan_id, hostname, paths }) => {
    const source = sourceOf({ clientId: client_id, planId: plan_id, hostname, paths: JSON.parse(paths) as string[] })
    return `${repository_id} ${source}`
  })
  return [...sources.values()].flatMap(([first, ...others]) => (first === undefined ? [] : [[first, ...others]]))
}

function toSnapshot(row: RegisteredOwnSnapshot): RegisteredSnapshot {
  const paths = JSON.parse(row.paths) as string[]
  const stored = {
    id: row.snapshot_id as SnapshotId,
    time: new Date(row.time).toISOString() as Timestamp,
    // Retention does not look at what a snapshot holds.
    tree: '' as BlobId,
    paths: [...paths],
    hostname: row.hostname,
  }
  return { row, paths, stored, isPinned: row.is_pinned === 1, isPartial: isPartial(row.run_statistics) }
}

function toItem({ snapshot: { row, paths }, isKept, reasons }: Judgement<RegisteredSnapshot>): RetentionPreview['items'][number] {
  return {
    id: row.id,
    snapshotId: row.snapshot_id,
    repositoryId: row.repository_id,
    planId: row.plan_id,
    time: new Date(row.time).toISOString(),
    hostname: row.hostname,
    paths: [...paths],
    sizeBytes: row.size_bytes,
    addedBytes: row.added_bytes,
    isKept,
    reasons: [...reasons],
  }
}
