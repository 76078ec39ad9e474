import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BackupOrder, backupManaged, executeRun, HttpUploadLink, restoreManaged, UNRESTRICTED } from '@holdfast/agent/runner'
import { type RestoreMeasure, systemClock } from '@holdfast/engine'
import { sortedManifest } from '@holdfast/engine/testing'
import type { RestoreOrder, RunOrder } from '@holdfast/protocol'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { samplePlan } from '../../testing/sample-plans.ts'
import { allDatabases, TestServer } from '../../testing/test-server.ts'
import { SERVER_ORIGIN } from '../audit/audit.ts'

interface Machine {
  readonly clientId: number
  readonly token: string
  readonly link: HttpUploadLink
}

for (const databases of allDatabases()) {
  describe(`restores to machines on ${databases.name}`, () => {
    let server: TestServer
    let folder: string
    let url: string
    let repositoryId: number
    const links: HttpUploadLink[] = []

    beforeEach(async () => {
      server = await TestServer.start({ databaseUrl: await databases.create() })
      folder = mkdtempSync(join(tmpdir(), 'holdfast-restores-'))
      url = await server.app.listen({ host: '127.0.0.1', port: 0 })
      repositoryId = (await server.services.repositories.ensureDefault()).id
      mkdirSync(join(folder, 'data', 'inner'), { recursive: true })
      writeFileSync(join(folder, 'data', 'inner', 'text 100%'), 'some text\n'.repeat(20_000))
      writeFileSync(join(folder, 'data', 'other'), 'other')
      symlinkSync('other', join(folder, 'data', 'link'))
    })
    afterEach(async () => {
      for (const link of links.splice(0)) link[Symbol.dispose]()
      await server[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    })
    afterAll(() => databases.stop())

    async function machineOf(username: string, name: string): Promise<Machine> {
      const ownerId = await server.addUser(username, 'operator')
      const client = await server.services.clients.createFor(ownerId, { name, settings: undefined }, SERVER_ORIGIN)
      const token = await server.services.enrolments.rotate(client, SERVER_ORIGIN)
      const link = new HttpUploadLink({ serverUrl: url, token: () => token, clock: systemClock })
      links.push(link)
      return { clientId: client.id, token, link }
    }

    async function ask(machine: Machine, route: string, body?: unknown): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }> {
      const reply = await server.request(route, { token: machine.token, ...(body === undefined ? {} : { body: body as object }) })
      return { status: reply.statusCode, body: reply.body === '' ? null : reply.json() }
    }

    async function backUp(machine: Machine): Promise<string> {
      const plan = { ...samplePlan(), repositoryId, selection: { ...samplePlan().selection, paths: [join(folder, 'data')] } }
      const { id } = await server.services.plans.createFor(machine.clientId, { plan, origin: SERVER_ORIGIN })
      await server.services.runs.create({ kind: 'backup', clientId: machine.clientId, planId: id, repositoryId, trigger: 'manual' })
      const { body } = await ask(machine, 'POST /agent/v1/runs/claim', { instance: 'one' })
      const order = body.order as BackupOrder
      const outcome = await executeRun(order, {
        ...{ clock: systemClock, signal: new AbortController().signal, policy: UNRESTRICTED, environment: {} },
        backup: (_order, { plan }) => backupManaged(machine.link, { repositoryId, runId: order.runId }, plan),
        progress: () => undefined,
        log: () => undefined,
      })
      expect(outcome).toMatchObject({ state: 'finished', error: null })
      await ask(machine, `POST /agent/v1/runs/${order.runId}/finish`, outcome)
      return outcome.snapshotId ?? ''
    }

    async function carryOut(machine: Machine, order: RunOrder): Promise<Awaited<ReturnType<typeof restoreManaged>>> {
      if (order.kind !== 'restore') throw new Error(`a restore was expected, not a ${order.kind}`)
      const totals: RestoreMeasure[] = []
      const statistics = await restoreManaged(machine.link, order, {
        ...{ clock: systemClock, signal: new AbortController().signal, retryForMs: 0 },
        ...{ progress: {}, total: (total) => void totals.push(total) },
      })
      // What is as it should be is left alone, and the ways to what is wanted may have to be made.
      expect(totals).toHaveLength(1)
      expect(totals[0]?.bytes).toBeGreaterThanOrEqual(statistics.totalBytes ?? 0)
      const outcome = { state: 'finished', snapshotId: null, statistics, error: null }
      expect((await ask(machine, `POST /agent/v1/runs/${order.runId}/finish`, outcome)).status).toBe(204)
      return statistics
    }

    const own = (more: Partial<RestoreOrder> & { snapshot?: string } = {}): object => ({ snapshot: 'latest', instance: 'two', ...more })

    it('bring everything back as it was, to another folder and in place', async () => {
      const machine = await machineOf('ann', 'desk')
      await backUp(machine)
      const target = join(folder, 'restored')
      const begun = await ask(machine, 'POST /agent/v1/restores', own({ target }))
      expect(begun.status).toBe(201)
      const statistics = await carryOut(machine, begun.body)
      expect(statistics).toMatchObject({ errorCount: 0 })
      expect(sortedManifest(join(target, folder, 'data'))).toEqual(sortedManifest(join(folder, 'data')))
      rmSync(join(folder, 'data', 'inner'), { recursive: true })
      writeFileSync(join(folder, 'data', 'new'), 'not in the snapshot')
      await carryOut(machine, (await ask(machine, 'POST /agent/v1/restores', own({ overwrite: 'always', delete: true }))).body)
      expect(sortedManifest(join(folder, 'data'))).toEqual(sortedManifest(join(target, folder, 'data')))
    })

    it('remove nothing beside what was backed up, and leave the folders above as they are', async () => {
      const machine = await machineOf('ann', 'desk')
      await backUp(machine)
      const keep = join(folder, 'beside', 'keep')
      const extra = join(folder, 'data', 'extra')
      mkdirSync(join(folder, 'beside'))
      writeFileSync(keep, 'never backed up')
      writeFileSync(extra, 'not in the snapshot')
      chmodSync(folder, 0o711)
      for (const paths of [[folder], ['/'], []]) {
        const begun = await ask(machine, 'POST /agent/v1/restores', own({ paths, overwrite: 'always', delete: true }))
        expect(begun.body.restore.paths).toEqual([join(folder, 'data')])
        expect(await carryOut(machine, begun.body)).toMatchObject({ errorCount: 0 })
      }
      expect([existsSync(keep), existsSync(extra)]).toEqual([true, false])
      expect(statSync(folder).mode & 0o777).toBe(0o711)

      const target = join(folder, 'elsewhere')
      mkdirSync(join(target, folder, 'data'), { recursive: true })
      for (const place of [target, join(target, folder), join(target, folder, 'data')]) writeFileSync(join(place, 'mine'), '')
      // A link in another folder leads nowhere: nothing is restored outside of it.
      const [first = ''] = folder.split('/').filter((name) => name !== '')
      const outside = join(folder, 'outside')
      mkdirSync(join(outside, first), { recursive: true })
      mkdirSync(join(folder, 'linked'))
      symlinkSync(join(outside, first), join(folder, 'linked', first))
      const linked = await ask(machine, 'POST /agent/v1/restores', own({ target: join(folder, 'linked'), paths: [join(folder, 'data')] }))
      expect(await carryOut(machine, linked.body)).toMatchObject({ errorCount: 0 })
      expect(readdirSync(join(outside, first))).toEqual([])
      expect(existsSync(join(folder, 'linked', folder, 'data'))).toBe(true)
      const begun = await ask(machine, 'POST /agent/v1/restores', own({ target, paths: ['/'], overwrite: 'always', delete: true }))
      expect(await carryOut(machine, begun.body)).toMatchObject({ errorCount: 0, other: { filesRemoved: 1 } })
      expect([target, join(target, folder)].map((place) => existsSync(join(place, 'mine')))).toEqual([true, true])
      expect(sortedManifest(join(target, folder, 'data'))).toEqual(sortedManifest(join(folder, 'data')))
    })

    it('go to a folder that is named, where a snapshot has everything under other paths than those that it names', async () => {
      const machine = await machineOf('ann', 'desk')
      await backUp(machine)
      const { queries } = server.database
      // As restic has it of `restic backup data`, told in another folder.
      await queries
        .updateTable('snapshots')
        .set({ run_id: null, paths: JSON.stringify(['/elsewhere/data']) })
        .execute()
      // It is not known where that was: it would come to lie in the root of the machine.
      const refused = await ask(machine, 'POST /agent/v1/restores', own())
      expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining('name a folder to restore to')])
      const target = join(folder, 'named')
      await carryOut(machine, (await ask(machine, 'POST /agent/v1/restores', own({ target }))).body)
      expect(sortedManifest(join(target, folder, 'data'))).toEqual(sortedManifest(join(folder, 'data')))
    })

    it('and nothing else is left to a client whose quota is used up', async () => {
      const machine = await machineOf('ann', 'desk')
      await backUp(machine)
      const settings = {
        ...(await server.request(`GET /api/v1/clients/${machine.clientId}`, { as: 'ann' })).json().settings,
        quotaBytes: 100,
      }
      await server.addUser('root', 'admin')
      const change = `PATCH /api/v1/clients/${machine.clientId}`
      expect((await server.request(change, { as: 'ann', body: { settings } })).statusCode).toBe(403)
      expect((await server.request(change, { as: 'root', body: { settings } })).statusCode).toBe(200)
      const [plan] = (await server.request('GET /api/v1/plans', { as: 'ann' })).json().items
      await server.request(`POST /api/v1/plans/${plan.id}/run`, { as: 'ann' })
      const { body } = await ask(machine, 'POST /agent/v1/runs/claim', { instance: 'one' })
      const upload = { repositoryId, runId: body.order.runId, paths: [join(folder, 'data')] }
      const refused = await ask(machine, 'POST /agent/v1/uploads', upload)
      expect([refused.status, refused.body.code]).toEqual([413, 'quota.exceeded'])
    })

    it('bring chosen paths back, whatever their names', async () => {
      const machine = await machineOf('ann', 'desk')
      await backUp(machine)
      const paths = [`${join(folder, 'data', 'inner')}/text 100%25`]
      const { body } = await ask(machine, 'POST /agent/v1/restores', own({ target: join(folder, 'part'), paths }))
      expect(await carryOut(machine, body)).toMatchObject({ errorCount: 0 })
      expect(readFileSync(join(folder, 'part', folder, 'data', 'inner', 'text 100%'), 'utf8')).toHaveLength(200_000)
      expect(Object.keys(Object.fromEntries(sortedManifest(join(folder, 'part')).map((line) => [line, 1]))).join('\n')).not.toContain(
        'other',
      )
    })

    it('are refused at once where no agent could put them', async () => {
      const machine = await machineOf('ann', 'desk')
      await backUp(machine)
      const [snapshot] = (await server.request('GET /api/v1/snapshots', { as: 'ann' })).json().items
      for (const target of ['relative', './here', '', 'C:\\here', '/with\0nul', `/${'long'.repeat(1024)}`]) {
        const pushed = await server.request(`POST /api/v1/snapshots/${snapshot.id}/restore`, { as: 'ann', body: { target } })
        expect([pushed.statusCode, pushed.json().fields], target).toMatchObject([422, [{ path: '/target' }]])
        expect((await ask(machine, 'POST /agent/v1/restores', own({ target }))).status, target).toBe(422)
      }
      expect((await server.request('GET /api/v1/runs?kind=restore', { as: 'ann' })).json().items).toEqual([])
    })

    it('are pushed by people to their machines, and are in the log of what was changed', async () => {
      const machine = await machineOf('ann', 'desk')
      await backUp(machine)
      const [snapshot] = (await server.request('GET /api/v1/snapshots', { as: 'ann' })).json().items
      const pushed = await server.request(`POST /api/v1/snapshots/${snapshot.id}/restore`, {
        as: 'ann',
        body: { target: join(folder, 'p') },
      })
      expect(pushed.statusCode).toBe(201)
      const { body } = await ask(machine, 'POST /agent/v1/runs/claim', { instance: 'one' })
      expect(body.order).toMatchObject({ kind: 'restore', runId: pushed.json().id })
      await carryOut(machine, body.order)
      expect(sortedManifest(join(folder, 'p', folder, 'data'))).toEqual(sortedManifest(join(folder, 'data')))
      await server.addUser('victor', 'viewer')
      const refused = await server.request(`POST /api/v1/snapshots/${snapshot.id}/restore`, { as: 'victor', body: {} })
      expect(refused.statusCode).toBe(403)
    })

    it('are nobody else’s', async () => {
      const [ann, bob] = [await machineOf('ann', 'desk'), await machineOf('bob', 'shelf')]
      const snapshotId = await backUp(ann)
      expect((await ask(bob, 'GET /agent/v1/snapshots')).body).toEqual({ items: [] })
      expect((await ask(bob, 'POST /agent/v1/restores', own({ snapshot: snapshotId }))).status).toBe(404)
      expect((await ask(bob, 'POST /agent/v1/restores', own())).status).toBe(404)
      const { body: order } = await ask(ann, 'POST /agent/v1/restores', own({ target: join(folder, 'x') }))
      const key = Buffer.alloc(64).toString('base64')
      for (const [route, body] of [
        ['lent', {}],
        ['lent/index', { key, part: 0 }],
        ['lent/pack', { key, pack: 'a'.repeat(64), offset: 0, length: 1 }],
      ] as const) {
        expect((await ask(bob, `POST /agent/v1/runs/${order.runId}/${route}`, body)).status).toBe(404)
      }
      const [snapshot] = (await server.request('GET /api/v1/snapshots', { as: 'ann' })).json().items
      const stolen = await server.request(`POST /api/v1/snapshots/${snapshot.id}/restore`, { as: 'bob', body: { clientId: bob.clientId } })
      expect(stolen.statusCode).toBe(404)
      const pushed = await server.request(`POST /api/v1/snapshots/${snapshot.id}/restore`, { as: 'ann', body: { clientId: bob.clientId } })
      expect(pushed.statusCode).toBe(404)
    })

    it('lend nothing to a run that has ended, or for nonsense', async () => {
      const machine = await machineOf('ann', 'desk')
      await backUp(machine)
      const { body: order } = await ask(machine, 'POST /agent/v1/restores', own({ target: join(folder, 'x') }))
      const key = Buffer.alloc(64).toString('base64')
      const read = (what: string, body: object): Promise<{ status: number }> =>
        ask(machine, `POST /agent/v1/runs/${order.runId}/lent/${what}`, body)
      expect((await ask(machine, 'POST /agent/v1/restores', own())).status).toBe(409)
      expect((await read('index', { key: 'short', part: 0 })).status).toBe(422)
      expect((await read('index', { key, part: 99 })).status).toBe(422)
      expect((await read('pack', { key, pack: 'a'.repeat(64), offset: 0, length: 1 })).status).toBe(422)
      expect((await read('pack', { key, pack: 'a'.repeat(64), offset: 0, length: 1e9 })).status).toBe(422)
      await carryOut(machine, order)
      expect((await read('index', { key, part: 0 })).status).toBe(404)
    })
  })
}
