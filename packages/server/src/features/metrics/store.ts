import type { RunState } from '@holdfast/protocol'
import { sql } from 'kysely'
import type { Queries } from '../../db/database.ts'
import { isInService } from '../clients/store.ts'

/** A client as the metrics show it. Times in milliseconds since 1970. */
export interface ClientFigures {
  readonly id: number
  readonly name: string
  readonly lastPingAt: number | null
  readonly lastSuccessAt: number | null
}

/** The last finished backup of a client. */
export interface LastBackup {
  readonly clientId: number
  readonly durationMs: number
  /** JSON, as in the table. */
  readonly statistics: string | null
}

/** What the metrics read of the database. Limited to the clients of one owner, if one is given. */
export class MetricsStore {
  readonly #queries: Queries

  constructor(queries: Queries) {
    this.#queries = queries
  }

  async clients(ownerId: number | undefined): Promise<ClientFigures[]> {
    const query = this.#queries
      .selectFrom('clients')
      .select(['id', 'name', 'last_ping_at as lastPingAt', 'last_backup_at as lastSuccessAt'])
      .where(isInService())
    return (ownerId === undefined ? query : query.where('owner_id', '=', ownerId)).execute()
  }

  async lastBackups(ownerId: number | undefined): Promise<LastBackup[]> {
    const newest = this.#queries
      .selectFrom('runs')
      .select(({ fn }) => fn.max('id').as('id'))
      .where('kind', '=', 'backup')
      .where('state', '=', 'finished')
      .where('client_id', 'is not', null)
      .groupBy('client_id')
    const query = this.#queries
      .selectFrom('runs')
      .innerJoin('clients', 'clients.id', 'runs.client_id')
      .select(['runs.client_id', 'runs.started_at', 'runs.finished_at', 'runs.statistics'])
      .where('runs.id', 'in', newest)
    const rows = await (ownerId === undefined ? query : query.where('clients.owner_id', '=', ownerId)).execute()
    return rows.map(({ client_id, started_at, finished_at, statistics }) => ({
      clientId: client_id ?? 0,
      durationMs: (finished_at ?? 0) - (started_at ?? finished_at ?? 0),
      statistics,
    }))
  }

  async countRuns(ownerId: number | undefined): Promise<{ readonly state: RunState; readonly kind: string; readonly count: number }[]> {
    const query = this.#queries
      .selectFrom('runs')
      .leftJoin('clients', 'clients.id', 'runs.client_id')
      .select(({ fn }) => ['runs.state', 'runs.kind', fn.countAll<number>().as('count')])
      .groupBy(['runs.state', 'runs.kind'])
    const rows = await (ownerId === undefined ? query : query.where('clients.owner_id', '=', ownerId)).execute()
    return rows.map(({ state, kind, count }) => ({ state, kind, count: Number(count) }))
  }

  /** JSON of the statistics of every repository. */
  async repositories(): Promise<{ readonly name: string; readonly statistics: string | null }[]> {
    return this.#queries.selectFrom('repositories').select(['name', 'statistics']).execute()
  }

  /** Rejects when the database does not answer. */
  async ping(): Promise<void> {
    await sql`select 1`.execute(this.#queries)
  }
}
