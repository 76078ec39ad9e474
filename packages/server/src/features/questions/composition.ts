import type { Clock } from '@holdfast/engine'
import type { Database } from '../../db/database.ts'
import type { WorkBell } from '../runs/work-bell.ts'
import { Listeners } from './listeners.ts'
import { Questions } from './questions.ts'
import type { QuestionStore } from './store.ts'

/** What carries questions to agents and their answers back. */
export interface QuestionServices {
  readonly questions: Questions
  readonly listeners: Listeners
  readonly questionStore: QuestionStore
}

export interface QuestionFoundations {
  readonly database: Database
  readonly clock: Clock
  readonly bell: WorkBell
  readonly questionStore: QuestionStore
}

/** Puts together what people ask of machines. */
export function composeQuestions({ database, clock, bell, questionStore: store }: QuestionFoundations): QuestionServices {
  const isShared = database.kind === 'postgres'
  const listeners = new Listeners({ store, clock, isShared })
  return { questionStore: store, listeners, questions: new Questions({ store, listeners, bell, clock, isShared }) }
}
