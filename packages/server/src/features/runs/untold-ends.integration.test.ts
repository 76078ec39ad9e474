import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ManualClock } from '@holdfast/engine/testing'
import type { FinishRun } from '@holdfast/protocol'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AgentActor } from '../../http/actor.ts'
import { addClientRow, addRepositoryRow, samplePlan } from '../../testing/sample-plans.ts'
import { allDatabases, TestServer } from '../../testing/test-server.ts'
import { SERVER_ORIGIN } from '../audit/audit.ts'

const PROGRAM = fileURLToPath(new URL('../../../test/end-and-die.ts', import.meta.url))
const LEASE_MS = 120_000
const TELL_AFTER_MS = 60_000
const FINISHED = { state: 'finished', snapshotId: 'a'.repeat(64), statistics: { filesNew: 3 }, error: null } as const
const FAILED = { state: 'error', snapshotId: null, statistics: null, error: { code: 'storage.full', message: 'Full' } } as const

function titleOf(runId: number, how: string): string {
  return `mail: backup “${samplePlan().name}” (run ${runId}) ${how}`
}

for (const databases of allDatabases()) {
  describe(`ends of runs that a process told nobody of, on ${databases.name}`, () => {
    let server: TestServer
    let clock: ManualClock
    let agent: AgentActor
    let planId: number
    let repositoryId: number
    let databaseUrl: string

    beforeEach(async () => {
      clock = new ManualClock(Date.now())
      const created = await databases.create()
      server = await TestServer.start({ clock, databaseUrl: created })
      databaseUrl = created ?? `sqlite:${join(server.folder, 'holdfast.db')}`
      const ownerId = await server.addUser('root', 'admin')
      const clientId = await addClientRow(server.database, { name: 'mail', ownerId })
      agent = { kind: 'agent', clientId, clientName: 'mail', ownerId }
      repositoryId = await addRepositoryRow(server.database)
      planId = (await server.services.plans.createFor(clientId, { plan: samplePlan(), origin: SERVER_ORIGIN })).id
      const config = { kind: 'webhook', url: 'http://127.0.0.1:9/', secret: 'a secret of the test' }
      const channel = { name: 'all', events: ['run.finished', 'run.failed', 'run.recovered'], config }
      const added = await server.request('POST /api/v1/channels', { as: 'root', body: channel })
      expect(added.statusCode, added.body).toBe(201)
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    async function begin(): Promise<number> {
      const { id } = await server.services.runs.create({
        kind: 'backup',
        clientId: agent.clientId,
        planId,
        repositoryId,
        trigger: 'manual',
      })
      expect(await server.services.agentRuns.claim(agent, { instance: 'one', waitMs: 0 })).toMatchObject({ runId: id })
      return id
    }

    /** Has another process end a run, or all that are lost, and be killed in the middle of it. */
    async function endAndDie(said?: { readonly runId: number; readonly outcome: FinishRun }): Promise<void> {
      const told = said === undefined ? [] : [JSON.stringify({ agent, ...said })]
      const child = spawn(process.execPath, [PROGRAM, databaseUrl, server.folder, ...told], { stdio: ['ignore', 'inherit', 'inherit'] })
      expect(await once(child, 'close')).toEqual([null, 'SIGKILL'])
    }

    async function messages(): Promise<string[]> {
      const rows = await server.database.queries.selectFrom('deliveries').select('message').orderBy('id').execute()
      return rows.map(({ message }) => (JSON.parse(message) as { readonly title: string }).title)
    }

    async function sweepLater(): Promise<void> {
      clock.advance(Math.max(0, Date.now() - clock.now()) + TELL_AFTER_MS)
      await server.services.sweeper.sweep()
    }

    it('are told by the next one, once', async () => {
      const runId = await begin()
      await endAndDie({ runId, outcome: FINISHED })
      await server.services.sweeper.sweep()
      expect(await messages()).toEqual([])
      await sweepLater()
      expect(await messages()).toEqual([titleOf(runId, 'ended well')])
      await sweepLater()
      expect(await messages()).toHaveLength(1)
    })

    it('raise no alarm when a later run has ended well', async () => {
      const runId = await begin()
      await endAndDie({ runId, outcome: FAILED })
      const next = await begin()
      await server.services.agentRuns.finish(agent, next, FINISHED)
      await expect.poll(messages).toHaveLength(1)
      await sweepLater()
      expect(await messages()).toEqual([titleOf(next, 'ended well'), titleOf(runId, 'failed')])
      expect(await server.database.queries.selectFrom('alarms').selectAll().execute()).toEqual([])
    })

    it('do not take a backup away that was to be tried again', async () => {
      const runId = await begin()
      const { queries } = server.database
      await queries
        .updateTable('runs')
        .set({ lease_expires_at: Date.now() - LEASE_MS })
        .execute()
      await endAndDie()
      await sweepLater()
      expect(await messages()).toEqual([titleOf(runId, 'failed')])
      const retries = queries.selectFrom('runs').select(['retry_of', 'state', 'attempt']).where('trigger', '=', 'retry')
      expect(await retries.execute()).toEqual([{ retry_of: runId, state: 'pending', attempt: 2 }])
    })
  })
}
