import type { Generated } from 'kysely'

/** Rows of the tables of questions to agents. They live for a minute. */
export interface QuestionTables {
  questions: QuestionRow
  /** Which agents wait for questions, and until when: for servers that share the database. */
  question_listeners: { readonly client_id: number; readonly listens_until: number }
}

export interface QuestionRow {
  readonly id: Generated<number>
  readonly client_id: number
  readonly question: string
  readonly asked_at: number
  /** When the agent heard of it; null while it has not. */
  readonly taken_at: number | null
  readonly answer: string | null
}
