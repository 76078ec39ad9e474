import type { ClientLogPage, ClientLogQuery, LogEntry, LogLevel } from '@holdfast/protocol'
import { parseCursor } from './clients.ts'
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
