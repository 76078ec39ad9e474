import type { FileKind, FileRef } from '@holdfast/engine'
import { type Selectable, sql } from 'kysely'
import type { Database, Queries } from '../../db/database.ts'
import type { RepositoryRow } from '../repositories/tables.ts'
import type { ResticAccessRow, ResticFileRow } from './tables.ts'

export type StoredResticAccess = Selectable<ResticAccessRow>

/** What a client may use, with the name of the repository. */
export type NamedResticAccess = StoredResticAccess & { readonly repository_name: string }

/** A client by its password. */
export interface ResticClient {
  readonly id: number
  readonly name: string
  readonly is_disabled: number
  readonly owner_name: string
  readonly owner_disabled: number
}

/** A snapshot that has come and is not in the register yet. */
export interface Arrival {
  readonly accessId: number
  readonly snapshotId: string
  readonly createdAt: number
  readonly clientId: number
  readonly repositoryId: number
  /** Whether the server can read the repository. */
  readonly hasKey: boolean
}

/** Where it is kept which clients may use restic's protocol, and what they have brought by it. */
export class ResticAccessStore {
  readonly #queries: Database['queries']

  constructor(queries: Database['queries']) {
    this.#queries = queries
  }

  async setPassword(clientId: number, { tokenHash, now }: { readonly tokenHash: string; readonly now: number }): Promise<void> {
    await this.#queries
      .insertInto('restic_passwords')
      .values({ client_id: clientId, token_hash: tokenHash, created_at: now })
      .onConflict((conflict) => conflict.column('client_id').doUpdateSet({ token_hash: tokenHash, created_at: now }))
      .execute()
  }

  async removePassword(clientId: number): Promise<void> {
    await this.#queries.deleteFrom('restic_passwords').where('client_id', '=', clientId).execute()
  }

  async hasPassword(clientId: number): Promise<boolean> {
    const found = await this.#queries
      .selectFrom('restic_passwords')
      .select('client_id')
      .where('client_id', '=', clientId)
      .executeTakeFirst()
    return found !== undefined
  }

  async clientOf(tokenHash: string): Promise<ResticClient | undefined> {
    return this.#queries
      .selectFrom('restic_passwords')
      .innerJoin('clients', 'clients.id', 'restic_passwords.client_id')
      .innerJoin('users', 'users.id', 'clients.owner_id')
      .select(['clients.id', 'clients.name', 'clients.is_disabled'])
      .select(['users.username as owner_name', 'users.is_disabled as owner_disabled'])
      .where('restic_passwords.token_hash', '=', tokenHash)
      .executeTakeFirst()
  }

  /** What a client may do in the repository of that name, and the repository; undefined where it may not use it. */
  async accessTo(
    clientId: number,
    repositoryName: string,
  ): Promise<{ readonly access: StoredResticAccess; readonly repository: Selectable<RepositoryRow> } | undefined> {
    const repository = await this.#queries.selectFrom('repositories').selectAll().where('name', '=', repositoryName).executeTakeFirst()
    const access = repository && (await this.find(clientId, repository.id))
    return access && { access, repository }
  }

  async find(clientId: number, repositoryId: number): Promise<StoredResticAccess | undefined> {
    return this.#queries
      .selectFrom('restic_access')
      .selectAll()
      .where('client_id', '=', clientId)
      .where('repository_id', '=', repositoryId)
      .executeTakeFirst()
  }

  async list(clientId: number): Promise<NamedResticAccess[]> {
    return this.#queries
      .selectFrom('restic_access')
      .innerJoin('repositories', 'repositories.id', 'restic_access.repository_id')
      .selectAll('restic_access')
      .select('repositories.name as repository_name')
      .where('restic_access.client_id', '=', clientId)
      .orderBy('repositories.name')
      .execute()
  }

  /** Gives access, or changes what it allows; what is used stays counted. */
  async grant(
    access: Pick<StoredResticAccess, 'client_id' | 'repository_id' | 'is_full' | 'quota_bytes'>,
    { now }: { readonly now: number },
  ): Promise<void> {
    const { is_full, quota_bytes } = access
    await this.#queries
      .insertInto('restic_access')
      .values({ ...access, used_bytes: 0, created_at: now })
      .onConflict((conflict) => conflict.columns(['client_id', 'repository_id']).doUpdateSet({ is_full, quota_bytes }))
      .execute()
  }

  async withdraw(clientId: number, repositoryId: number): Promise<void> {
    await this.#queries.deleteFrom('restic_access').where('client_id', '=', clientId).where('repository_id', '=', repositoryId).execute()
  }

  /**
   * Notes a file and counts it, in one step; one that is noted is not counted again. False, and nothing noted, when it would go beyond the
   * quota and `slackBytes`: the condition is part of the update, so requests at once cannot pass it together.
   */
  async addFile(file: ResticFileRow, options: { readonly isSnapshot: boolean; readonly slackBytes: number }): Promise<boolean> {
    const { access_id, size_bytes, created_at } = file
    return this.#transaction(async (queries, undo) => {
      if (options.isSnapshot) {
        await queries
          .insertInto('restic_arrivals')
          .values({ access_id, snapshot_id: file.name, created_at })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
      }
      const added = await queries
        .insertInto('restic_files')
        .values(file)
        .onConflict((conflict) => conflict.doNothing())
        .returning('access_id')
        .executeTakeFirst()
      if (added === undefined) return true
      const counted = await queries
        .updateTable('restic_access')
        .set((row) => ({ used_bytes: row('used_bytes', '+', size_bytes) }))
        .where('id', '=', access_id)
        .where((row) =>
          row.or([row('quota_bytes', 'is', null), row('used_bytes', '<=', row('quota_bytes', '+', options.slackBytes - size_bytes))]),
        )
        .returning('id')
        .executeTakeFirst()
      return counted === undefined ? undo(false) : true
    })
  }

  /** Forgets a file of one client, or of all that brought it into the repository. */
  async removeFile({ kind, name }: FileRef, of: { readonly accessId: number } | { readonly repositoryId: number }): Promise<void> {
    await this.#transaction(async (queries) => {
      const owners = queries.selectFrom('restic_access').select('id')
      const removed = await queries
        .deleteFrom('restic_files')
        .where('access_id', 'in', 'accessId' in of ? [of.accessId] : owners.where('repository_id', '=', of.repositoryId))
        .where('kind', '=', kind)
        .where('name', '=', name)
        .returning(['access_id', 'size_bytes'])
        .execute()
      for (const { access_id, size_bytes } of removed) await countBack(queries, { access_id, size_bytes })
      for (const { access_id } of kind === 'snapshots' ? removed : []) {
        await queries.deleteFrom('restic_arrivals').where('access_id', '=', access_id).where('snapshot_id', '=', name).execute()
      }
    })
  }

  async hasFile(accessId: number, { kind, name }: FileRef): Promise<boolean> {
    const query = this.#queries.selectFrom('restic_files').select('name').where('access_id', '=', accessId)
    return (await query.where('kind', '=', kind).where('name', '=', name).executeTakeFirst()) !== undefined
  }

  /** Names of a kind that were noted before `before`, those after `after`, in order. */
  async names(
    { accessId, kind }: { readonly accessId: number; readonly kind: FileKind },
    { after, before, limit }: { readonly after: string; readonly before: number; readonly limit: number },
  ): Promise<string[]> {
    const rows = await this.#queries
      .selectFrom('restic_files')
      .select('name')
      .where('access_id', '=', accessId)
      .where('kind', '=', kind)
      .where('name', '>', after)
      .where('created_at', '<', before)
      .orderBy('name')
      .limit(limit)
      .execute()
    return rows.map(({ name }) => name)
  }

  /** Those that wait, the oldest first, from behind `after` on. */
  async arrivals(limit: number, after?: Arrival): Promise<Arrival[]> {
    let query = this.#queries
      .selectFrom('restic_arrivals')
      .innerJoin('restic_access', 'restic_access.id', 'restic_arrivals.access_id')
      .innerJoin('repositories', 'repositories.id', 'restic_access.repository_id')
      .selectAll('restic_arrivals')
      .select(['restic_access.client_id', 'restic_access.repository_id', 'repositories.has_key'])
      .orderBy('restic_arrivals.created_at')
      .orderBy('restic_arrivals.access_id')
      .orderBy('restic_arrivals.snapshot_id')
      .limit(limit)
    if (after !== undefined) {
      const place = sql`(restic_arrivals.created_at, restic_arrivals.access_id, restic_arrivals.snapshot_id)`
      query = query.where(sql<boolean>`${place} > (${after.createdAt}, ${after.accessId}, ${after.snapshotId})`)
    }
    return (await query.execute()).map((row) => ({
      accessId: row.access_id,
      snapshotId: row.snapshot_id,
      createdAt: row.created_at,
      clientId: row.client_id,
      repositoryId: row.repository_id,
      hasKey: row.has_key === 1,
    }))
  }

  async removeArrival({ accessId, snapshotId }: Pick<Arrival, 'accessId' | 'snapshotId'>): Promise<void> {
    await this.#queries.deleteFrom('restic_arrivals').where('access_id', '=', accessId).where('snapshot_id', '=', snapshotId).execute()
  }

  /** Whether retention must leave a snapshot alone; false for those that are not in the register. */
  async isPinned(repositoryId: number, snapshotId: string): Promise<boolean> {
    const query = this.#queries.selectFrom('snapshots').select('is_pinned').where('repository_id', '=', repositoryId)
    return (await query.where('snapshot_id', '=', snapshotId).executeTakeFirst())?.is_pinned === 1
  }

  /** Takes a snapshot whose file is gone out of the register. */
  async unregister(repositoryId: number, snapshotId: string): Promise<void> {
    await this.#queries.deleteFrom('snapshots').where('repository_id', '=', repositoryId).where('snapshot_id', '=', snapshotId).execute()
  }

  /** Runs `action` in a transaction; `undo` ends it without a trace and gives its argument. */
  async #transaction<Result>(action: (queries: Queries, undo: (result: Result) => never) => Promise<Result>): Promise<Result> {
    let undone: { readonly result: Result } | undefined
    const undo = (result: Result): never => {
      undone = { result }
      throw new Error('undone')
    }
    try {
      return await this.#queries.transaction().execute((queries) => action(queries, undo))
    } catch (error) {
      if (undone === undefined) throw error
      return undone.result
    }
  }
}

async function countBack(queries: Queries, { access_id, size_bytes }: Pick<ResticFileRow, 'access_id' | 'size_bytes'>): Promise<void> {
  await queries
    .updateTable('restic_access')
    .set((row) => ({ used_bytes: row('used_bytes', '-', size_bytes) }))
    .where('id', '=', access_id)
    .execute()
}
