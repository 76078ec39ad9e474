import { type Clock, systemClock } from '@holdfast/engine'
import { ManualClock } from '@holdfast/engine/testing'
import type { Question, QuestionAnswer } from '@holdfast/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../db/database.ts'
import type { AgentActor } from '../../http/actor.ts'
import { addClientRow } from '../../testing/sample-plans.ts'
import { TestServer } from '../../testing/test-server.ts'
import { WorkBell } from '../runs/work-bell.ts'
import { Listeners } from './listeners.ts'
import { Questions } from './questions.ts'
import { type QuestionState, QuestionStore } from './store.ts'

const LOOK: Question = { kind: 'folder', path: null }
const ROOTS: QuestionAnswer = { kind: 'roots', paths: ['/'] }

/** Tells of every look at a question only after `onLook`. */
class SlowStore extends QuestionStore {
  onLook: (id: number) => Promise<void> = async () => undefined

  override async state(id: number): Promise<QuestionState | undefined> {
    const state = await super.state(id)
    await this.onLook(id)
    return state
  }
}

/** A clock that somebody sets back while it sleeps. */
class ClockSetBack extends ManualClock {
  override async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    await super.sleep(durationMs, signal)
    if (this.sleptMs.length > 20) throw new Error('it waits and waits')
    this.advance(-3_600_000)
  }
}

describe('a question', () => {
  let server: TestServer
  let agent: AgentActor

  beforeEach(async () => {
    server = await TestServer.start()
    const ownerId = await server.addUser('ann', 'operator')
    const clientId = await addClientRow(server.database, { name: 'desk', ownerId })
    agent = { kind: 'agent', clientId, clientName: 'desk', ownerId }
  })
  afterEach(() => server[Symbol.asyncDispose]())

  async function questionsOf(
    database: Database,
    clock: Clock = systemClock,
  ): Promise<{ readonly questions: Questions; readonly store: SlowStore }> {
    const store = new SlowStore(database)
    const listeners = new Listeners({ store, clock, isShared: false })
    await listeners.come(agent.clientId, 60_000)
    return { store, questions: new Questions({ store, listeners, bell: new WorkBell([store], clock), clock, isShared: false }) }
  }
  const ask = (questions: Questions) => questions.ask({ id: agent.clientId, name: 'desk' }, LOOK, new AbortController().signal)

  it('is answered at once when the answer comes while it is looked for', async () => {
    const clock = new ManualClock(Date.parse('2026-11-01T12:00:00Z'))
    const { questions, store } = await questionsOf(server.database, clock)
    store.onLook = async (id) => {
      store.onLook = async () => undefined
      await questions.take(agent.clientId)
      await questions.answer(agent, id, ROOTS)
    }
    expect(await ask(questions)).toEqual(ROOTS)
    // Unheard it would be found when the time for an answer is over.
    expect(clock.sleptMs).toEqual([])
  })

  it('is not waited for without end when the clock is set back', async () => {
    const clock = new ClockSetBack(Date.parse('2026-11-01T12:00:00Z'))
    const { questions } = await questionsOf(server.database, clock)
    await expect(ask(questions)).rejects.toMatchObject({ code: 'client.not-connected' })
    expect(clock.sleptMs.length).toBeLessThan(3)
  })

  it('is not handed to an agent that has gone', async () => {
    const { questions, store } = await questionsOf(server.database)
    const id = await store.add(agent.clientId, LOOK, { now: systemClock.now(), limits: { ofClient: 1, open: 1 } })
    expect(await questions.claim(agent, { waitMs: 0, signal: AbortSignal.abort() })).toBeUndefined()
    expect(await store.state(id ?? 0)).toMatchObject({ isTaken: false })
  })
})
