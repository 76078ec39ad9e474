import type { BlobId, SnapshotId } from '@holdfast/engine'
import { type Selectable, sql } from 'kysely'
import type { Queries } from '../../db/database.ts'
import type { SnapshotRow } from '../clients/tables.ts'

/** A snapshot of the register, with whose it is. */
export type RegisteredSnapshot = Omit<Selectable<SnapshotRow>, 'snapshot_id' | 'tree_id'> & {
  readonly snapshot_id: SnapshotId
  readonly tree_id: BlobId
  readonly client_name: string | null
  readonly plan_name: string | null
  /** Who owns the client; null where there is none. */
  readonly owner_id: number | null
}

/** Which snapshots are wanted. */
export interface SnapshotFilter {
  /** Only those of clients of this user. */
  readonly ownerId?: number | undefined
  readonly clientId?: number | undefined
  readonly planId?: number | undefined
  readonly repositoryId?: number | undefined
  readonly tag?: string | undefined
  readonly hostname?: string | undefined
  readonly fromMs?: number | undefined
  readonly untilMs?: number | undefined
  readonly isPinned?: boolean | undefined
}

/** Where a page begins: behind the snapshot of this time and id. */
export interface SnapshotPosition {
  readonly time: number
  readonly id: number
}

/** The register of snapshots, as this feature needs it. It is filled by whoever makes and finds snapshots. */
export class SnapshotStore {
  readonly #queries: Queries

  constructor(queries: Queries) {
    this.#queries = queries
  }

  /** Newest first. */
  async list(
    filter: SnapshotFilter,
    page: { readonly limit: number; readonly after?: SnapshotPosition | undefined },
  ): Promise<RegisteredSnapshot[]> {
    const { after } = page
    const { ownerId, clientId, planId, repositoryId, tag, hostname, fromMs, untilMs, isPinned } = filter
    const rows = await registered(this.#queries)
      .$if(ownerId !== undefined, (query) => query.where('clients.owner_id', '=', ownerId ?? 0))
      .$if(clientId !== undefined, (query) => query.where('snapshots.client_id', '=', clientId ?? 0))
      .$if(planId !== undefined, (query) => query.where('snapshots.plan_id', '=', planId ?? 0))
      .$if(repositoryId !== undefined, (query) => query.where('snapshots.repository_id', '=', repositoryId ?? 0))
      .$if(tag !== undefined, (query) => query.where(sql<boolean>`snapshots.tags like ${containing(tag ?? '')} escape '!'`))
      .$if(hostname !== undefined, (query) => query.where('snapshots.hostname', '=', hostname ?? ''))
      .$if(fromMs !== undefined, (query) => query.where('snapshots.time', '>=', fromMs ?? 0))
      .$if(untilMs !== undefined, (query) => query.where('snapshots.time', '<', untilMs ?? 0))
      .$if(isPinned !== undefined, (query) => query.where('snapshots.is_pinned', '=', isPinned ? 1 : 0))
      .$if(after !== undefined, (query) =>
        query.where((where) =>
          where.or([
            where('snapshots.time', '<', after?.time ?? 0),
            where.and([where('snapshots.time', '=', after?.time ?? 0), where('snapshots.id', '<', after?.id ?? 0)]),
          ]),
        ),
      )
      .orderBy('snapshots.time', 'desc')
      .orderBy('snapshots.id', 'desc')
      .limit(page.limit)
      .execute()
    return rows as RegisteredSnapshot[]
  }

  async find(id: number): Promise<RegisteredSnapshot | undefined> {
    const row = await registered(this.#queries).where('snapshots.id', '=', id).executeTakeFirst()
    return row as RegisteredSnapshot | undefined
  }

  /** What the snapshots of a client have added to repositories, in bytes. */
  async storedBytes(clientId: number): Promise<number> {
    return storedBytesOf(this.#queries, clientId)
  }

  /** A snapshot by the name that its repository gives it. */
  async findByName(repositoryId: number, snapshotId: string): Promise<RegisteredSnapshot | undefined> {
    const named = registered(this.#queries)
      .where('snapshots.repository_id', '=', repositoryId)
      .where('snapshots.snapshot_id', '=', snapshotId)
    return (await named.executeTakeFirst()) as RegisteredSnapshot | undefined
  }

  /** Snapshots of the same client, or of the same repository where there is none; without the snapshot itself. */
  async countSiblings({ id, client_id, repository_id }: RegisteredSnapshot): Promise<number> {
    let query = this.#queries.selectFrom('snapshots').select((select) => select.fn.countAll<number>().as('count'))
    query = query.where('id', '!=', id)
    query =
      client_id === null
        ? query.where('client_id', 'is', null).where('repository_id', '=', repository_id)
        : query.where('client_id', '=', client_id)
    return Number((await query.executeTakeFirstOrThrow()).count)
  }

  /** Whether there is a younger one of the same plan, or, without a plan, of the same client, host and folders. */
  async hasYounger({ time, id, client_id, plan_id, hostname, paths, repository_id }: RegisteredSnapshot): Promise<boolean> {
    let query = this.#queries.selectFrom('snapshots').select('id').where('repository_id', '=', repository_id)
    query = query.where((where) => where.or([where('time', '>', time), where.and([where('time', '=', time), where('id', '>', id)])]))
    query = client_id === null ? query.where('client_id', 'is', null) : query.where('client_id', '=', client_id)
    query = plan_id === null ? query.where('hostname', '=', hostname).where('paths', '=', paths) : query.where('plan_id', '=', plan_id)
    return (await query.limit(1).executeTakeFirst()) !== undefined
  }

  /** Whether it could be done: not to a snapshot that is being forgotten. */
  async setPinned(id: number, isPinned: boolean): Promise<boolean> {
    const { numUpdatedRows } = await this.#queries
      .updateTable('snapshots')
      .set({ is_pinned: isPinned ? 1 : 0 })
      .where('id', '=', id)
      .where('is_leaving', '=', 0)
      .executeTakeFirst()
    return numUpdatedRows > 0n
  }

  /** Says whether a snapshot is being forgotten. Whether it could be said: not of one that is pinned. */
  async setLeaving(id: number, isLeaving: boolean): Promise<boolean> {
    const { numUpdatedRows } = await this.#queries
      .updateTable('snapshots')
      .set({ is_leaving: isLeaving ? 1 : 0 })
      .where('id', '=', id)
      .where('is_pinned', '=', 0)
      .executeTakeFirst()
    return numUpdatedRows > 0n
  }

  /** The repository's id of a snapshot after its tags have changed. */
  async replace(id: number, now: { readonly snapshotId: SnapshotId; readonly tags: readonly string[] }): Promise<void> {
    await this.#queries.transaction().execute(async (transaction) => {
      const { repository_id } = await transaction
        .selectFrom('snapshots')
        .select('repository_id')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      // Whoever compares register and repository may have seen the new file first and taken it for another snapshot.
      await transaction
        .deleteFrom('snapshots')
        .where('repository_id', '=', repository_id)
        .where('snapshot_id', '=', now.snapshotId)
        .where('id', '!=', id)
        .execute()
      await transaction
        .updateTable('snapshots')
        .set({ snapshot_id: now.snapshotId, tags: JSON.stringify(now.tags) })
        .where('id', '=', id)
        .execute()
    })
  }

  async remove(id: number): Promise<void> {
    await this.#queries.deleteFrom('snapshots').where('id', '=', id).execute()
  }
}

function registered(queries: Queries) {
  return queries
    .selectFrom('snapshots')
    .leftJoin('clients', 'clients.id', 'snapshots.client_id')
    .leftJoin('plans', 'plans.id', 'snapshots.plan_id')
    .selectAll('snapshots')
    .select(['clients.name as client_name', 'clients.owner_id as owner_id', 'plans.name as plan_name'])
}

/** A text in a list in JSON, wherever it stands there. */
function containing(text: string): string {
  return `%${JSON.stringify(text).replace(/[%_!]/g, '!$&')}%`
}

/** As {@link SnapshotStore.storedBytes}, for those who ask within a transaction. */
export async function storedBytesOf(queries: Queries, clientId: number): Promise<number> {
  const added = queries.selectFrom('snapshots').select(({ fn }) => fn.sum<number | null>('added_bytes').as('bytes'))
  return Number((await added.where('client_id', '=', clientId).executeTakeFirst())?.bytes ?? 0)
}
