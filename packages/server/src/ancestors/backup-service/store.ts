import type { Insertable, Selectable } from 'kysely'
import type { Queries } from '../../db/database.ts'
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

  async addFile(file: Insertable<ServiceFileRow>): Promise<StoredFile> {
    return this.#queries.insertInto('service_files').values(file).returningAll().executeTakeFirstOrThrow()
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

  /** How much of a client's is in no snapshot yet. */
  async waitingBytes(clientId: number): Promise<number> {
    const size = this.#queries.selectFrom('service_files').select((select) => select.fn.sum<number | null>('size_bytes').as('bytes'))
    const waiting = size.where('client_id', '=', clientId).where('spool_path', 'is not', null)
    return Number((await waiting.executeTakeFirst())?.bytes ?? 0)
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

interface WaitingRun {
  readonly id: number
  readonly created_at: number
}
