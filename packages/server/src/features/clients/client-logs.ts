import type { ClientLogPage, ClientLogQuery, LogEntry, LogLevel } from '@holdfast/protocol'
import { ServerError } from '../../errors.ts'
import type { ClientStore } from './store.ts'

/** Lines that are kept of each client. */
const KEPT = 10_000

/** What agents say. */
export class ClientLogs {
  readonly #store: ClientStore

  constructor(store: ClientStore) {
    this.#store = store
  }

  async add(clientId: number, entries: readonly LogEntry[]): Promise<void> {
    if (entries.length > 0) await this.#store.addLogs(clientId, { entries, kept: KEPT })
  }

  /** Newest first. */
  async list(clientId: number, { cursor, ...query }: ClientLogQuery): Promise<ClientLogPage> {
    const found = await this.#store.listLogs(clientId, { ...query, before: parseCursor(cursor) })
    const last = found.at(-1)
    return {
      items: found.map(({ id, at, level, message }) => ({ id, at: new Date(at).toISOString(), level: level as LogLevel, message })),
      next: found.length === query.limit && last !== undefined ? String(last.id) : null,
    }
  }
}

/** The id that a cursor stands for. @throws {ServerError} `request.invalid` */
function parseCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor)
  throw new ServerError('request.invalid', 'Cannot go on from there: the cursor is none that a page gave')
}
