import type { BlobId, SnapshotId } from '@holdfast/engine'
import { type Selectable, sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { keptVersionsMigration } from '../../../db/migrations/0011-kept-versions.ts'
import type { SnapshotRow } from '../../../features/clients/tables.ts'
import type { StoredFile } from '../store.ts'

/** By which snapshots of uploaded files can be told from those of agents. */
export const SERVICE_TAG = 'backup-service'

/** A snapshot of uploaded files, as the register has it. */
export type KeptSnapshot = Selectable<SnapshotRow>

/** One whose tree is to be looked at. */
export interface OldSnapshot extends Omit<KeptSnapshot, 'snapshot_id' | 'tree_id'> {
  readonly snapshot_id: SnapshotId
  readonly tree_id: BlobId
}

/** A snapshot that takes the place of others. */
export interface Replacement {
  readonly repositoryId: number
  readonly snapshotId: SnapshotId
  readonly treeId: string
  readonly paths: readonly string[]
  readonly fileCount: number
  readonly sizeBytes: number
  readonly addedBytes: number
}

/** Which snapshot of which repository. */
interface SnapshotName {
  readonly repositoryId: number
  readonly snapshotId: string
}

/** What waits to be noted is taken for the remains of a crash after so long; it takes seconds. */
const ABANDONED_MS = 15 * 60_000
/** Below what SQLite takes as parameters of one query. */
const IDS_PER_QUERY = 1000

/** Which snapshots have the versions of uploaded files, and what happens to them; each change is whole or has not happened. */
export class KeptVersionsStore {
  readonly #queries: Database['queries']

  constructor(queries: Database['queries']) {
    this.#queries = queries
  }

  /** The repositories that have uploaded files, or remains of them, with the clients whose files they are. */
  async repositories(): Promise<ReadonlyMap<number, readonly number[]>> {
    const rows = await this.#queries
      .selectFrom('service_files')
      .innerJoin('snapshots', 'snapshots.id', 'service_files.register_id')
      .select(['snapshots.repository_id', 'service_files.client_id'])
      .distinct()
      .execute()
    const leftovers = await this.#queries.selectFrom('service_leftovers').select('repository_id').distinct().execute()
    const found = Map.groupBy(rows, ({ repository_id }) => repository_id)
    const ids = new Set([...found.keys(), ...leftovers.map(({ repository_id }) => repository_id)])
    return new Map([...ids].map((id) => [id, (found.get(id) ?? []).map(({ client_id }) => client_id)]))
  }

  /** All versions of the files of a client, and the snapshots of one repository that have some of them. */
  async ofClient(
    clientId: number,
    repositoryId: number,
  ): Promise<{ readonly files: readonly StoredFile[]; readonly snapshots: readonly KeptSnapshot[] }> {
    // The snapshots first: what is noted of one meanwhile is among the files then, and it is not taken for empty.
    const snapshots = await this.#queries
      .selectFrom('snapshots')
      .selectAll()
      .where('repository_id', '=', repositoryId)
      .where(({ exists, selectFrom }) => {
        const versions = selectFrom('service_files').select('service_files.id').whereRef('service_files.register_id', '=', 'snapshots.id')
        return exists(versions.where('service_files.client_id', '=', clientId))
      })
      .orderBy('time')
      .orderBy('id')
      .execute()
    const files = await this.#queries.selectFrom('service_files').selectAll().where('client_id', '=', clientId).execute()
    return { files, snapshots }
  }

  /** The register's rows of the snapshots of a repository that no other retention may take away. */
  async heldSnapshots(repositoryId: number): Promise<ReadonlySet<number>> {
    const rows = await this.#queries
      .selectFrom('snapshots')
      .select('id')
      .where('repository_id', '=', repositoryId)
      .where(({ or, and, exists, eb, selectFrom }) =>
        or([
          exists(selectFrom('service_files').select('service_files.id').whereRef('service_files.register_id', '=', 'snapshots.id')),
          // A snapshot of this moment, whose files are not yet noted as being in it.
          and([eb('plan_id', 'is', null), eb('run_id', 'is', null), sql<boolean>`tags like ${`%"${SERVICE_TAG}"%`}`]),
        ]),
      )
      .execute()
    return new Set(rows.map(({ id }) => id))
  }

  /** Snapshots with uploaded files from before the register was told of it when they were written anew. */
  async oldSnapshots(): Promise<readonly OldSnapshot[]> {
    const migrated = this.#queries.selectFrom('schema_migrations').select('applied_at').where('name', '=', keptVersionsMigration.name)
    const rows = await this.#queries
      .selectFrom('snapshots')
      .selectAll()
      .where('time', '<', migrated)
      .where(({ exists, selectFrom }) =>
        exists(selectFrom('service_files').select('service_files.id').whereRef('service_files.register_id', '=', 'snapshots.id')),
      )
      .orderBy('id')
      .execute()
    return rows.map((row) => ({ ...row, snapshot_id: row.snapshot_id as SnapshotId, tree_id: row.tree_id as BlobId }))
  }

  /** Has the register name the tree that a snapshot has, with what it holds, unless it has been written anew meanwhile. */
  async correct({ id, snapshot_id, tree_id }: OldSnapshot, treeId: BlobId): Promise<void> {
    await this.#queries.transaction().execute(async (transaction) => {
      const files = transaction.selectFrom('service_files').where('register_id', '=', id)
      const held = await files
        .select(({ fn }) => [fn.countAll<number>().as('count'), fn.sum<number | null>('size_bytes').as('bytes')])
        .executeTakeFirstOrThrow()
      await transaction
        .updateTable('snapshots')
        .set({ tree_id: treeId, file_count: Number(held.count), size_bytes: Number(held.bytes ?? 0) })
        .where('id', '=', id)
        .where('snapshot_id', '=', snapshot_id)
        .where('tree_id', '=', tree_id)
        .execute()
    })
  }

  /** Notes that a snapshot is about to be made. Unless it is taken into use, it goes again. */
  async announce({ repositoryId, snapshotId }: SnapshotName, now: number): Promise<void> {
    const row = { repository_id: repositoryId, snapshot_id: snapshotId, noted_at: now, is_going: 0 }
    await this.#queries.insertInto('service_leftovers').values(row).execute()
  }

  /**
   * Notes that waiting files are in a snapshot now that was announced. Where nobody waits for that any more, the snapshot goes.
   * @throws {Error} when it was taken for the remains of a crash meanwhile
   */
  async noteFiles(ids: readonly number[], { repositoryId, snapshotId }: SnapshotName): Promise<void> {
    await this.#queries.transaction().execute(async (transaction) => {
      const named = transaction.selectFrom('snapshots').select('id').where('repository_id', '=', repositoryId)
      const { id } = await named.where('snapshot_id', '=', snapshotId).executeTakeFirstOrThrow()
      let noted = 0
      for (const part of partsOf(ids)) {
        const waiting = transaction.updateTable('service_files').set({ spool_path: null, register_id: id })
        const [{ numUpdatedRows } = { numUpdatedRows: 0n }] = await waiting
          .where('id', 'in', part)
          .where('spool_path', 'is not', null)
          .execute()
        noted += Number(numUpdatedRows)
      }
      if (noted > 0) await takeIntoUse(transaction, { repositoryId, snapshotId })
    })
  }

  /**
   * Lets versions go. The snapshots that had them have no others, or `replacement`, which was announced, has those; in the register it
   * takes the place of the newest of them. The former ones are leftovers from then on.
   * @throws {Error} when one of them has changed meanwhile; then nothing has happened
   */
  async settle(
    former: readonly KeptSnapshot[],
    { dropped, replacement, now }: { readonly dropped: readonly number[]; readonly replacement?: Replacement; readonly now: number },
  ): Promise<void> {
    await this.#queries.transaction().execute(async (transaction) => {
      for (const part of partsOf(dropped)) await transaction.deleteFrom('service_files').where('id', 'in', part).execute()
      if ((await countFiles(transaction, former)) !== (replacement?.fileCount ?? 0)) throw changed()
      const heir = replacement === undefined ? undefined : former.at(-1)
      const others = former.filter((snapshot) => snapshot !== heir).map(({ id }) => id)
      if (replacement !== undefined && heir !== undefined) {
        await takeIntoUse(transaction, replacement)
        await replaceRow(transaction, { heir, replacement })
        const moved = transaction.updateTable('service_files').set({ register_id: heir.id })
        for (const part of partsOf(others)) await moved.where('register_id', 'in', part).execute()
      }
      for (const { id, snapshot_id } of former.filter((snapshot) => snapshot !== heir)) {
        const removal = transaction.deleteFrom('snapshots').where('id', '=', id).where('snapshot_id', '=', snapshot_id)
        expectOne((await removal.where('is_pinned', '=', 0).executeTakeFirst()).numDeletedRows)
      }
      for (const { repository_id, snapshot_id } of former)
        await transaction.insertInto('service_leftovers').values({ repository_id, snapshot_id, noted_at: now, is_going: 1 }).execute()
    })
  }

  /** What has to go from a repository, by the repository's names; nobody can take it into use after that. */
  async leftovers(repositoryId: number, now: number): Promise<readonly SnapshotId[]> {
    await this.#queries
      .updateTable('service_leftovers')
      .set({ is_going: 1 })
      .where('repository_id', '=', repositoryId)
      .where('noted_at', '<=', now - ABANDONED_MS)
      .execute()
    const rows = await this.#queries
      .selectFrom('service_leftovers')
      .select('snapshot_id')
      .where('repository_id', '=', repositoryId)
      .where('is_going', '=', 1)
      .orderBy('id')
      .execute()
    return rows.map(({ snapshot_id }) => snapshot_id as SnapshotId)
  }

  /** Notes that a leftover is gone from its repository. */
  async forgetLeftover({ repositoryId, snapshotId }: SnapshotName): Promise<void> {
    await this.#queries.transaction().execute(async (transaction) => {
      for (const table of ['snapshots', 'service_leftovers'] as const)
        await transaction.deleteFrom(table).where('repository_id', '=', repositoryId).where('snapshot_id', '=', snapshotId).execute()
    })
  }
}

async function takeIntoUse(transaction: Database['queries'], { repositoryId, snapshotId }: SnapshotName): Promise<void> {
  const announced = transaction.deleteFrom('service_leftovers').where('repository_id', '=', repositoryId)
  expectOne((await announced.where('snapshot_id', '=', snapshotId).where('is_going', '=', 0).executeTakeFirst()).numDeletedRows)
}

async function replaceRow(
  transaction: Database['queries'],
  { heir, replacement }: { readonly heir: KeptSnapshot; readonly replacement: Replacement },
): Promise<void> {
  const { repositoryId, snapshotId, treeId, paths, fileCount, sizeBytes, addedBytes } = replacement
  // Whoever compares register and repository may have seen the new file first and taken it for another snapshot.
  await transaction.deleteFrom('snapshots').where('repository_id', '=', repositoryId).where('snapshot_id', '=', snapshotId).execute()
  const change = transaction.updateTable('snapshots').set({
    snapshot_id: snapshotId,
    tree_id: treeId,
    paths: JSON.stringify(paths),
    size_bytes: sizeBytes,
    file_count: fileCount,
    added_bytes: addedBytes,
  })
  const unchanged = change.where('id', '=', heir.id).where('snapshot_id', '=', heir.snapshot_id).where('is_pinned', '=', 0)
  expectOne((await unchanged.executeTakeFirst()).numUpdatedRows)
}

async function countFiles(transaction: Database['queries'], snapshots: readonly KeptSnapshot[]): Promise<number> {
  let count = 0
  for (const part of partsOf(snapshots.map(({ id }) => id))) {
    const files = transaction.selectFrom('service_files').select((select) => select.fn.countAll<number>().as('count'))
    count += Number((await files.where('register_id', 'in', part).executeTakeFirstOrThrow()).count)
  }
  return count
}

function expectOne(count: bigint): void {
  if (count !== 1n) throw changed()
}

function changed(): Error {
  return new Error('a snapshot has changed meanwhile')
}

function partsOf(ids: readonly number[]): number[][] {
  return Array.from({ length: Math.ceil(ids.length / IDS_PER_QUERY) }, (_, part) =>
    ids.slice(part * IDS_PER_QUERY, (part + 1) * IDS_PER_QUERY),
  )
}
