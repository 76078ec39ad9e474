import type { Insertable, Selectable } from 'kysely'
import type { Queries } from '../../db/database.ts'
import { holdRow } from '../../db/hold-row.ts'
import { storedBytesOf } from '../../features/snapshots/store.ts'
import type { ServiceFileRow, ServiceTaskRow } from './tables.ts'

/** One version of an uploaded file. */
export type StoredFile = Selectable<ServiceFileRow>

/** Rows of a listing that one statement adds; SQLite takes some ten thousand values in one. */
const ROWS_AT_ONCE = 1000

/** Where the endpoints keep what their clients know. */
export class ServiceStore {
  readonly #queries: Queries

  constructor(queries: Queries) {
    this.#queries = queries
  }

  /**
   * Adds a version and notes the backup of its client, both or neither; undefined where the client would take up more than `quotaBytes`
   * with it. Those of one client take turns here, so that they cannot pass the quota together.
   */
  async addFile(file: Insertable<ServiceFileRow>, { quotaBytes }: { readonly quotaBytes: number | null }): Promise<StoredFile | undefined> {
    return this.#queries.transaction().execute(async (transaction) => {
      await holdRow(transaction, 'clients', file.client_id)
      if (quotaBytes !== null && (await takenBytes(transaction, file.client_id)) + file.size_bytes > quotaBytes) return undefined
      await transaction.updateTable('clients').set({ last_backup_at: file.uploaded_at }).where('id', '=', file.client_id).execute()
      return transaction.insertInto('service_files').values(file).returningAll().executeTakeFirstOrThrow()
    })
  }

  async findFile(clientId: number, id: number): Promise<StoredFile | undefined> {
    return this.#queries.selectFrom('service_files').selectAll().where('client_id', '=', clientId).where('id', '=', id).executeTakeFirst()
  }

  /** All versions of all files of a client, newest first. */
  async files(clientId: number): Promise<StoredFile[]> {
    const files = this.#queries.selectFrom('service_files').selectAll().where('client_id', '=', clientId)
    return files.orderBy('uploaded_at', 'desc').orderBy('id', 'desc').execute()
  }

  /** Those that are in no snapshot yet, oldest first. */
  async spooled({ limit }: { readonly limit: number }): Promise<StoredFile[]> {
    const waiting = this.#queries.selectFrom('service_files').selectAll().where('spool_path', 'is not', null)
    return waiting.orderBy('id').limit(limit).execute()
  }

  /** What a client takes up, in bytes: what its snapshots have added, and what is in none yet. */
  async takenBytes(clientId: number): Promise<number> {
    return takenBytes(this.#queries, clientId)
  }

  /** Where files wait that are in no snapshot yet. */
  async spoolPaths(): Promise<ReadonlySet<string>> {
    const rows = await this.#queries.selectFrom('service_files').select('spool_path').where('spool_path', 'is not', null).execute()
    return new Set(rows.map(({ spool_path }) => spool_path ?? ''))
  }

  /** Replaces what a client says that it has, unless it says the same again, as it does every time when nothing has changed there. */
  async replaceListing(clientId: number, entries: readonly { readonly path: string; readonly is_dir: boolean }[]): Promise<void> {
    const former = await this.listing(clientId)
    const isSame = ({ path, is_dir }: (typeof former)[number], index: number): boolean =>
      entries[index]?.path === path && entries[index].is_dir === is_dir
    if (former.length === entries.length && former.every(isSame)) return
    await this.#queries.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('service_listings').where('client_id', '=', clientId).execute()
      for (let from = 0; from < entries.length; from += ROWS_AT_ONCE) {
        const rows = entries
          .slice(from, from + ROWS_AT_ONCE)
          .map(({ path, is_dir }) => ({ client_id: clientId, path, is_dir: Number(is_dir) }))
        await transaction.insertInto('service_listings').values(rows).execute()
      }
    })
  }

  async listing(clientId: number): Promise<{ readonly id: number; readonly path: string; readonly is_dir: boolean }[]> {
    const rows = await this.#queries
      .selectFrom('service_listings')
      .select(['id', 'path', 'is_dir'])
      .where('client_id', '=', clientId)
      .orderBy('id')
      .execute()
    return rows.map(({ id, path, is_dir }) => ({ id, path, is_dir: is_dir === 1 }))
  }

  async addTask(task: Insertable<ServiceTaskRow>): Promise<void> {
    await this.#queries.insertInto('service_tasks').values(task).execute()
  }

  async task(planId: number): Promise<Selectable<ServiceTaskRow> | undefined> {
    return this.#queries.selectFrom('service_tasks').selectAll().where('plan_id', '=', planId).executeTakeFirst()
  }

  /** The newest run of a plan that waits, and when the newest ended that has. */
  async runsOf(planId: number): Promise<{ readonly pending: WaitingRun | undefined; readonly endedAt: number | null }> {
    const pending = await this.#queries
      .selectFrom('runs')
      .select(['id', 'created_at'])
      .where('plan_id', '=', planId)
      .where('state', 'in', ['pending', 'running'])
      .orderBy('id', 'desc')
      .executeTakeFirst()
    const ended = await this.#queries
      .selectFrom('runs')
      .select((select) => select.fn.max('finished_at').as('at'))
      .where('plan_id', '=', planId)
      // What was withdrawn or given up was not carried out.
      .where('started_at', 'is not', null)
      .executeTakeFirst()
    return { pending, endedAt: ended?.at ?? null }
  }
}

async function takenBytes(queries: Queries, clientId: number): Promise<number> {
  const size = queries.selectFrom('service_files').select(({ fn }) => fn.sum<number | null>('size_bytes').as('bytes'))
  const waiting = await size.where('client_id', '=', clientId).where('spool_path', 'is not', null).executeTakeFirst()
  return (await storedBytesOf(queries, clientId)) + Number(waiting?.bytes ?? 0)
}

interface WaitingRun {
  readonly id: number
  readonly created_at: number
}
