import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BackupOrder, backupManaged, executeRun, HttpUploadLink, UNRESTRICTED } from '@holdfast/agent/runner'
import { randomSealingKey, systemClock } from '@holdfast/engine'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { samplePlan } from '../../testing/sample-plans.ts'
import { allDatabases, TestServer } from '../../testing/test-server.ts'
import { SERVER_ORIGIN } from '../audit/audit.ts'

const ALL_BYTES = 192 * 1024 * 1024
const CONTENT_BYTES = 300_000

for (const databases of allDatabases()) {
  describe(`the memory of restores on ${databases.name}`, () => {
    let server: TestServer
    let folder: string
    let token: string
    let lent: string
    let url: string

    beforeEach(async () => {
      server = await TestServer.start({ databaseUrl: await databases.create() })
      folder = mkdtempSync(join(tmpdir(), 'holdfast-lent-'))
      url = await server.app.listen({ host: '127.0.0.1', port: 0 })
      mkdirSync(join(folder, 'data'))
      writeFileSync(join(folder, 'data', 'file'), Buffer.alloc(CONTENT_BYTES, 'content'))
      await backUp()
      const begun = await server.request('POST /agent/v1/restores', {
        token,
        body: { snapshot: 'latest', instance: 'two', target: join(folder, 'restored') },
      })
      expect(begun.statusCode, begun.body).toBe(201)
      lent = `${url}/agent/v1/runs/${begun.json().runId}/lent`
    })
    afterEach(async () => {
      await server[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    })
    afterAll(() => databases.stop())

    async function backUp(): Promise<void> {
      const { plans, runs, clients, enrolments, repositories, agentRuns } = server.services
      const repositoryId = (await repositories.ensureDefault()).id
      const client = await clients.createFor(await server.addUser('ann', 'operator'), { name: 'desk', settings: undefined }, SERVER_ORIGIN)
      token = await enrolments.rotate(client, SERVER_ORIGIN)
      const plan = { ...samplePlan(), repositoryId, selection: { ...samplePlan().selection, paths: [join(folder, 'data')] } }
      const { id } = await plans.createFor(client.id, { plan, origin: SERVER_ORIGIN })
      await runs.create({ kind: 'backup', clientId: client.id, planId: id, repositoryId, trigger: 'manual' })
      const agent = { kind: 'agent', clientId: client.id, clientName: 'desk', ownerId: client.owner_id } as const
      const order = (await agentRuns.claim(agent, { instance: 'one', waitMs: 0 })) as BackupOrder
      using link = new HttpUploadLink({ serverUrl: url, token: () => token, clock: systemClock })
      const outcome = await executeRun(order, {
        ...{ clock: systemClock, signal: new AbortController().signal, policy: UNRESTRICTED, environment: {} },
        backup: (_order, prepared) => backupManaged(link, { repositoryId, runId: order.runId }, prepared.plan),
        progress: () => undefined,
        log: () => undefined,
      })
      expect(outcome).toMatchObject({ state: 'finished', error: null })
      await agentRuns.finish(agent, order.runId, outcome)
    }

    function readIndex(signal?: AbortSignal): Promise<Response> {
      const { encrypt, macK, macR } = randomSealingKey()
      return fetch(`${lent}/index`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ key: Buffer.concat([encrypt, macK, macR]).toString('base64'), part: 0 }),
        ...(signal === undefined ? {} : { signal }),
      })
    }

    it('is waited for, and given back by those who take their answer and by those who go away', async () => {
      const { memory } = server.services.restores
      const all = await memory.take('a test', ALL_BYTES)
      const gone = new AbortController()
      const given = readIndex(gone.signal).catch(() => 'gone')
      const others = Array.from({ length: 6 }, () => readIndex())
      const first = await Promise.race([...others, new Promise((resolve) => setTimeout(resolve, 1000, 'nothing'))])
      expect(first).toBe('nothing')
      gone.abort()
      expect(await given).toBe('gone')
      all[Symbol.dispose]()
      for (const reply of await Promise.all(others)) {
        expect(reply.status).toBe(200)
        expect((await reply.arrayBuffer()).byteLength).toBeGreaterThan(100)
      }
      await expect.poll(() => memory.heldBytes).toBe(0)
    })

    it('is given back by reads that fail', async () => {
      const { memory } = server.services.restores
      const key = Buffer.alloc(64).toString('base64')
      const body = { key, pack: 'a'.repeat(64), offset: 0, length: 1024 }
      const path = new URL(lent).pathname
      expect((await server.request(`POST ${path}/pack`, { token, body })).statusCode).toBe(422)
      expect(memory.heldBytes).toBe(0)
    })
  })
}
