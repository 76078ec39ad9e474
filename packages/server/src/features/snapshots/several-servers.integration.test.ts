import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backupManaged, HttpUploadLink } from '@holdfast/agent/runner'
import { byteStringOf, secureRandom, systemClock } from '@holdfast/engine'
import type { AuditPage, SnapshotView } from '@holdfast/protocol'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SecretBox } from '../../secrets/secret-box.ts'
import { samplePlan } from '../../testing/sample-plans.ts'
import { allDatabases, TEST_PASSWORD, TestServer } from '../../testing/test-server.ts'
import { SERVER_ORIGIN } from '../audit/audit.ts'

/** The only one that servers share. */
const postgres = allDatabases().filter(({ name }) => name === 'PostgreSQL')

for (const databases of postgres) {
  describe('two servers on one PostgreSQL, one of which has the repository open for writing', () => {
    let folder: string
    let writing: TestServer
    let other: TestServer
    let writingUrl: string
    let otherUrl: string
    let ownerId: number
    let repositoryId: number
    let clientId: number
    let link: HttpUploadLink

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'holdfast-several-'))
      const shared = { databaseUrl: (await databases.create()) ?? '', secrets: new SecretBox(secureRandom(32)) }
      writing = await TestServer.start(shared)
      // Behind a balancer; the first one is not, and believes nobody's word on where a request comes from.
      other = await TestServer.start({ ...shared, settings: { trustedProxies: ['127.0.0.1'] } })
      writingUrl = await writing.app.listen({ host: '127.0.0.1', port: 0 })
      otherUrl = await other.app.listen({ host: '127.0.0.1', port: 0 })
      writing.services.writers.start(writingUrl)
      other.services.writers.start(otherUrl)
      ownerId = await writing.addUser('ann', 'operator')
      await writing.addUser('ben', 'operator')
      const location = join(folder, 'repository')
      const repository = { name: 'main', location, mode: 'create', isDefault: true, credentials: {} } as const
      repositoryId = (await writing.services.repositories.add(repository, SERVER_ORIGIN)).id
      const client = await writing.services.clients.createFor(ownerId, { name: 'laptop', settings: undefined }, SERVER_ORIGIN)
      clientId = client.id
      const token = await writing.services.enrolments.rotate(client, SERVER_ORIGIN)
      link = new HttpUploadLink({ serverUrl: writingUrl, token: () => token, clock: systemClock })
    })
    afterEach(async () => {
      link[Symbol.dispose]()
      await other[Symbol.asyncDispose]()
      await writing[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    })
    afterAll(() => databases.stop())

    /** Backs up through the first server, which keeps the repository locked from then on. Gives the snapshot. */
    async function backUp(): Promise<SnapshotView> {
      writeFileSync(join(folder, 'file'), secureRandom(1000))
      const plan = { ...samplePlan(), repositoryId }
      const { id } = await writing.services.plans.createFor(clientId, { plan, origin: SERVER_ORIGIN })
      const run = await writing.services.runs.begin({ kind: 'backup', clientId, planId: id, repositoryId, trigger: 'manual' })
      await backupManaged(
        link,
        { repositoryId, runId: run.id },
        {
          ...{ targets: [byteStringOf(join(folder, 'file'))], absolutePaths: [join(folder, 'file')] },
        },
      )
      await run.finish({ state: 'finished', snapshotId: null, statistics: null, error: null })
      const { items } = (await writing.request('GET /api/v1/snapshots', { as: 'ann' })).json() as { items: SnapshotView[] }
      const [snapshot] = items
      if (snapshot === undefined) throw new Error('there is no snapshot')
      expect(readdirSync(join(folder, 'repository', 'locks'))).toHaveLength(1)
      return snapshot
    }

    /** Sends what a page sends, to the server that does not write. */
    async function send(route: string, username: string, body?: object): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }> {
      const [method = 'GET', path] = route.split(' ')
      const login = { username, password: TEST_PASSWORD }
      const { token } = await other.services.accounts.login(login, { address: '192.0.2.1', userAgent: 'test' })
      const reply = await fetch(`${otherUrl}${path}`, {
        method,
        headers: {
          'x-forwarded-for': '198.51.100.7',
          ...{ cookie: `holdfast_session=${token}`, origin: otherUrl, 'sec-fetch-site': 'same-origin' },
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await reply.text()
      return { status: reply.status, body: text === '' ? null : JSON.parse(text) }
    }

    it('change tags, pin and forget through the other one', async () => {
      const { id, snapshotId } = await backUp()
      const tagged = await send(`PUT /api/v1/snapshots/${id}/tags`, 'ann', { tags: ['kept ü'] })
      expect(tagged).toMatchObject({ status: 200, body: { id, tags: ['kept ü'] } })
      expect(tagged.body.snapshotId).not.toBe(snapshotId)
      expect(readdirSync(join(folder, 'repository', 'snapshots'))).toEqual([tagged.body.snapshotId])

      expect(await send(`PATCH /api/v1/snapshots/${id}`, 'ann', { isPinned: true })).toMatchObject({
        status: 200,
        body: { isPinned: true },
      })
      const refused = await send(`DELETE /api/v1/snapshots/${id}`, 'ann')
      expect(refused).toMatchObject({ status: 409, body: { detail: expect.stringContaining('it is pinned') } })
      expect((await send(`PATCH /api/v1/snapshots/${id}`, 'ann', { isPinned: false })).status).toBe(200)

      expect(await send(`DELETE /api/v1/snapshots/${id}`, 'ann')).toEqual({ status: 204, body: null })
      expect(readdirSync(join(folder, 'repository', 'snapshots'))).toEqual([])
      expect((await writing.request(`GET /api/v1/snapshots/${id}`, { as: 'ann' })).statusCode).toBe(404)
    }, 60_000)

    it('find out who may do that before they hand it on, and again after that', async () => {
      const { id, tags } = await backUp()
      await other.addUser('eve', 'viewer')
      await writing.app.close()
      // Nobody is there to hand it on to: what is refused is refused by the first server.
      expect(await send(`DELETE /api/v1/snapshots/${id}`, 'ben')).toMatchObject({ status: 404 })
      expect(await send(`PUT /api/v1/snapshots/${id}/tags`, 'ben', { tags: ['mine'] })).toMatchObject({ status: 404 })
      expect(await send(`DELETE /api/v1/snapshots/${id}`, 'eve')).toMatchObject({ status: 403 })
      expect(await send(`PUT /api/v1/snapshots/${id}/tags`, 'ann', { tags: 5 })).toMatchObject({ status: 422 })
      expect(await send(`DELETE /api/v1/snapshots/${id}`, 'ann')).toMatchObject({ status: 503, body: { code: 'server.unavailable' } })
      expect((await send(`GET /api/v1/snapshots/${id}`, 'ann')).body).toMatchObject({ tags })
    }, 60_000)

    it('write down from where somebody has sent it, and believe that of each other alone', async () => {
      const { id } = await backUp()
      await send(`PUT /api/v1/snapshots/${id}/tags`, 'ann', { tags: ['one'] })
      const forged = { address: '203.0.113.9', at: Date.now() }
      const seal = new SecretBox(secureRandom(32)).seal(JSON.stringify(forged), `request handed on: PUT /api/v1/snapshots/${id}/tags`)
      const route = `PUT /api/v1/snapshots/${id}/tags`
      for (const header of [seal, '1', '{}', 'v1..', JSON.stringify(forged)]) {
        const headers = { 'x-holdfast-forwarded': header }
        const answer = await writing.request(route, { as: 'ann', body: { tags: [header.slice(0, 20)] }, headers })
        expect(answer.statusCode, answer.body).toBe(200)
      }
      await writing.addUser('root', 'admin')
      const { entries } = (await writing.request('GET /api/v1/audit?action=snapshot.tagged', { as: 'root' })).json() as AuditPage
      expect(entries).toHaveLength(6)
      const [first, ...forgeries] = entries.toReversed().map(({ address }) => address)
      expect(first).toBe('198.51.100.7')
      expect(new Set(forgeries)).toEqual(new Set(['127.0.0.1']))
    }, 60_000)
  })
}
