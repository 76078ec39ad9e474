import type { Question, QuestionAnswer } from '@holdfast/protocol'
import { type Selectable, sql } from 'kysely'
import type { Database, Queries } from '../../db/database.ts'
import type { QuestionRow } from './tables.ts'

/** How a question stands. */
export interface QuestionState {
  readonly isTaken: boolean
  readonly answer: QuestionAnswer | undefined
}

/** How many questions there may be at a time. */
export interface QuestionLimits {
  readonly ofClient: number
  readonly open: number
}

/** Any number, the same in all versions, and of no other use: on PostgreSQL questions are counted and added one after another by it. */
const ADVISORY_LOCK = 4_603_218

/** The queries of questions. */
export class QuestionStore {
  readonly #kind: Database['kind']
  readonly #queries: Database['queries']

  constructor({ kind, queries }: Pick<Database, 'kind' | 'queries'>) {
    this.#kind = kind
    this.#queries = queries
  }

  /** Adds a question, and gives its number; undefined where the limits are reached, whoever else asks at the same moment. */
  async add(
    clientId: number,
    question: Question,
    { now, limits }: { readonly now: number; readonly limits: QuestionLimits },
  ): Promise<number | undefined> {
    const values = { client_id: clientId, question: JSON.stringify(question), asked_at: now, taken_at: null, answer: null }
    return this.#queries.transaction().execute(async (transaction) => {
      // SQLite has one transaction at a time anyway.
      if (this.#kind === 'postgres') await sql`select pg_advisory_xact_lock(${ADVISORY_LOCK})`.execute(transaction)
      if ((await count(transaction, clientId)) >= limits.ofClient || (await count(transaction)) >= limits.open) return undefined
      return (await transaction.insertInto('questions').values(values).returning('id').executeTakeFirstOrThrow()).id
    })
  }

  /** The clients that have questions nobody has taken yet. */
  async waitingClients(): Promise<ReadonlySet<number>> {
    const rows = await this.#queries.selectFrom('questions').select('client_id').distinct().where('taken_at', 'is', null).execute()
    return new Set(rows.map(({ client_id }) => client_id))
  }

  /** Takes the oldest question of a client, asked after `since`, that nobody has taken. */
  async take(
    clientId: number,
    { now, since }: { readonly now: number; readonly since: number },
  ): Promise<Selectable<QuestionRow> | undefined> {
    const oldest = await this.#queries
      .selectFrom('questions')
      .select('id')
      .where('client_id', '=', clientId)
      .where('taken_at', 'is', null)
      .where('asked_at', '>', since)
      .orderBy('id')
      .executeTakeFirst()
    if (oldest === undefined) return undefined
    return this.#queries
      .updateTable('questions')
      .set({ taken_at: now })
      .where('id', '=', oldest.id)
      .where('taken_at', 'is', null)
      .returningAll()
      .executeTakeFirst()
  }

  /** The question of a client that it has taken and not answered. */
  async taken(id: number, clientId: number): Promise<Question | undefined> {
    const row = await this.#queries
      .selectFrom('questions')
      .select('question')
      .where('id', '=', id)
      .where('client_id', '=', clientId)
      .where('taken_at', 'is not', null)
      .where('answer', 'is', null)
      .executeTakeFirst()
    return row && (JSON.parse(row.question) as Question)
  }

  async answer(id: number, answer: QuestionAnswer): Promise<void> {
    await this.#queries
      .updateTable('questions')
      .set({ answer: JSON.stringify(answer) })
      .where('id', '=', id)
      .execute()
  }

  /** Undefined when it is gone. */
  async state(id: number): Promise<QuestionState | undefined> {
    const row = await this.#queries.selectFrom('questions').select(['taken_at', 'answer']).where('id', '=', id).executeTakeFirst()
    if (row === undefined) return undefined
    return { isTaken: row.taken_at !== null, answer: row.answer === null ? undefined : (JSON.parse(row.answer) as QuestionAnswer) }
  }

  async remove(id: number): Promise<void> {
    await this.#queries.deleteFrom('questions').where('id', '=', id).execute()
  }

  /** Removes what was asked before a time, and who has not listened since. */
  async removeOlder(before: number): Promise<void> {
    await this.#queries.deleteFrom('questions').where('asked_at', '<', before).execute()
    await this.#queries.deleteFrom('question_listeners').where('listens_until', '<', before).execute()
  }

  /** Notes until when the agent of a client waits for questions. */
  async setListening(clientId: number, until: number): Promise<void> {
    await this.#queries
      .insertInto('question_listeners')
      .values({ client_id: clientId, listens_until: until })
      .onConflict((conflict) => conflict.column('client_id').doUpdateSet({ listens_until: until }))
      .execute()
  }

  async listensUntil(clientId: number): Promise<number> {
    const row = await this.#queries
      .selectFrom('question_listeners')
      .select('listens_until')
      .where('client_id', '=', clientId)
      .executeTakeFirst()
    return row === undefined ? 0 : Number(row.listens_until)
  }
}

/** How many questions there are, of a client or of all. */
async function count(queries: Queries, clientId?: number): Promise<number> {
  const all = queries.selectFrom('questions').select(({ fn }) => fn.countAll().as('count'))
  const row = await (clientId === undefined ? all : all.where('client_id', '=', clientId)).executeTakeFirstOrThrow()
  return Number(row.count)
}
