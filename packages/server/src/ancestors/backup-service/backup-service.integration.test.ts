import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { loadSnapshots, openRepository, openStorage, parseLocation, secureRandom } from '@holdfast/engine'
import { ManualClock } from '@holdfast/engine/testing'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allDatabases, TEST_PASSWORD, TestServer } from '../../testing/test-server.ts'

const DAY_MS = 86_400_000
/** Multipart bodies as the client program makes them. */
const BOUNDARY = 'boundary-of-the-test'
/** As the Backup Service says times. */
const timeOf = (at: number): string => new Date(at).toISOString().slice(0, -1)

for (const databases of allDatabases()) {
  describe(`the endpoints of the Backup Service on ${databases.name}`, () => {
    let server: TestServer
    let clock: ManualClock
    let admin: string
    let token: string
    let clientId: number

    beforeEach(async () => {
      clock = new ManualClock(Date.UTC(2026, 5, 1))
      server = await TestServer.start({ clock, databaseUrl: await databases.create() })
      await server.addUser('admin', 'admin')
      const login = await form('POST /api/login', { username: 'admin', password: TEST_PASSWORD })
      expect(login.json()).toEqual({ access_token: expect.any(String), token_type: 'bearer' })
      admin = login.json().access_token
      const registered = await asAdmin('POST /api/clients/register', { name: 'desk' })
      expect(registered.json()).toEqual({
        id: expect.any(Number),
        name: 'desk',
        token: expect.any(String),
        owner_id: expect.any(Number),
        last_ping: null,
        last_backup: null,
        pre_commands: null,
      })
      token = registered.json().token
      clientId = registered.json().id
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    type Reply = Awaited<ReturnType<TestServer['request']>>
    const form = (route: string, fields: Readonly<Record<string, string>>, bearer?: string): Promise<Reply> =>
      server.request(route, {
        body: new URLSearchParams(fields).toString(),
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        },
      })
    const asAdmin = (route: string, body?: object): Promise<Reply> =>
      server.request(route, { token: admin, ...(body === undefined ? {} : { body }) })
    async function upload(path: string, content: string | Buffer, more: Readonly<Record<string, string>> = {}): Promise<Reply> {
      const fields = Object.entries({ path, ...more }).map(
        ([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
      )
      const disposition = 'Content-Disposition: form-data; name="file"; filename="x"\r\nContent-Type: application/octet-stream'
      const head = `--${BOUNDARY}\r\n${disposition}\r\n\r\n`
      const body = Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from(`\r\n${fields.join('')}--${BOUNDARY}--\r\n`)])
      clock.advance(1)
      return server.request(`POST /api/clients/${token}/backup`, {
        body,
        headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
      })
    }
    const download = async (id: number): Promise<Buffer> => (await server.request(`GET /api/clients/${token}/download/${id}`)).rawPayload
    const spooled = (): string[] => {
      try {
        return readdirSync(join(server.folder, 'spool'))
      } catch {
        return []
      }
    }

    it('have the shapes that their clients know', async () => {
      const user = { username: 'ann', password: 'wrong horse battery', is_admin: false, retention_days: 30, retention_versions: 5 }
      expect((await asAdmin('POST /api/register_user', user)).json()).toEqual({
        id: expect.any(Number),
        username: 'ann',
        is_admin: false,
        retention_days: 30,
        retention_versions: 5,
      })
      const taken = await asAdmin('POST /api/register_user', user)
      expect([taken.statusCode, taken.json()]).toEqual([400, { detail: expect.any(String) }])
      expect((await server.request(`POST /api/clients/${token}/ping`)).json()).toEqual({ status: 'pong' })
      expect((await form(`POST /api/clients/${token}/log`, { level: 'INFO', message: 'hello' })).json()).toEqual({ status: 'logged' })
      const listing = [
        { path: '/home', is_dir: true },
        { path: '/home/a', is_dir: false },
      ]
      const updated = await server.request(`POST /api/clients/${token}/files`, { body: listing })
      expect(updated.json()).toEqual({ status: 'updated' })
      expect((await asAdmin(`GET /api/clients/${clientId}/files`)).json()).toEqual(
        listing.map((entry) => ({ id: expect.any(Number), ...entry })),
      )
      const config = await form(`POST /api/clients/${clientId}/config`, { pre_commands: 'sync\n\ndate' }, admin)
      expect([config.statusCode, config.headers.location]).toEqual([303, `/clients/${clientId}`])
      expect((await server.request(`GET /api/clients/${token}/config`)).json()).toEqual({ pre_commands: ['sync', 'date'] })
      const logs = await asAdmin(`GET /api/v1/clients/${clientId}/logs`)
      expect(logs.json().items).toMatchObject([{ level: 'info', message: 'hello' }])
    })

    it('say why they refuse, in their own form', async () => {
      for (const [reply, status] of [
        [await form('POST /api/login', { username: 'admin', password: 'wrong' }), 401],
        [await server.request('POST /api/clients/register', { body: { name: 'x' } }), 401],
        [await server.request('POST /api/clients/unknown/ping'), 404],
        [await server.request(`GET /api/clients/${token}/download/99`), 404],
        [await server.request(`GET /api/clients/${clientId}/files`), 401],
        [await server.request(`GET /api/clients/${clientId}/tasks`), 401],
        [await form(`POST /api/clients/${clientId}/tasks`, { path: '/home', frequency_minutes: '0' }, admin), 422],
        [await form(`POST /api/clients/${clientId}/tasks`, { path: '/home', frequency_minutes: '10' }, token), 403],
        [await asAdmin('POST /api/register_user', { username: 'x', password: 'wrong horse battery' }), 422],
        [await server.request(`POST /api/clients/${token}/backup`, { body: { path: 'x' } }), 422],
      ] as const) {
        expect([reply.statusCode, reply.json()]).toEqual([status, { detail: expect.any(String) }])
        if (status === 401) expect(reply.headers['www-authenticate']).toBe('Bearer')
      }
    })

    it('refuse what nobody needs, whatever field it is in', async () => {
      const settings = `POST /api/clients/${clientId}/config`
      const task = (more: Readonly<Record<string, string>>): Promise<Reply> =>
        form(`POST /api/clients/${clientId}/tasks`, { path: '/home', frequency_minutes: '60', ...more }, admin)
      for (const reply of [
        await form(settings, { pre_commands: 'true\n'.repeat(1000) }, admin),
        await form(settings, { pre_commands: 'x'.repeat(15_000) }, admin),
        await task({ pre_commands: 'true\n'.repeat(1000) }),
        await task({ pre_commands: 'x'.repeat(15_000) }),
        await task({ retention_days: '999999999' }),
        await task({ retention_versions: '999999999' }),
      ])
        expect([reply.statusCode, reply.json()]).toEqual([422, { detail: expect.any(String) }])
      expect((await server.request(`GET /api/clients/${token}/config`)).json()).toEqual({ pre_commands: [] })
      expect((await server.request(`GET /api/clients/${token}/tasks`)).json()).toEqual([])
    })

    it('look at the token before they read a body, and say no more of a listing than what is wrong first', async () => {
      const list = (by: string, body: string): Promise<Reply> =>
        server.request(`POST /api/clients/${by}/files`, { body, headers: { 'content-type': 'application/json' } })
      expect((await list('unknown', '[')).statusCode).toBe(404)
      expect((await list(token, '[')).statusCode).toBe(400)
      for (const body of [`[${'0,'.repeat(100_000)}0]`, '0', '{}', 'null', '[{"path":0}]']) {
        const reply = await list(token, body)
        expect([reply.statusCode, reply.json(), reply.body.length < 1000]).toEqual([422, { detail: expect.any(String) }, true])
      }
    })

    it('say how long a download is without reading it', async () => {
      const { id } = (await upload('/a', 'content')).json()
      const reply = await server.request(`HEAD /api/clients/${token}/download/${id}`)
      expect([reply.statusCode, reply.headers['content-length'], reply.body]).toEqual([200, '7', ''])
    })

    it('name a download as the file, whatever it is called', async () => {
      const { id } = (await upload(`/home/it's "a" (*) ü;\r\nx: y.txt`, 'x')).json()
      const reply = await server.request(`GET /api/clients/${token}/download/${id}`)
      expect(reply.headers['content-disposition']).toBe(
        `attachment; filename="it's _a_ (*) u____x_ y.txt"; filename*=UTF-8''it%27s%20%22a%22%20%28%2A%29%20%C3%BC%3B__x_%20y.txt`,
      )
    })

    it('keep versions of files in snapshots, and give them back', async () => {
      const large = secureRandom(3_000_000)
      const first = (await upload('/home/ann/a.txt', 'first')).json()
      expect(first).toEqual({
        id: expect.any(Number),
        original_path: '/home/ann/a.txt',
        version_time: timeOf(clock.now()),
        size: 5,
        file_hash: createHash('sha256').update('first').digest('hex'),
      })
      const second = (await upload('/home/ann/a.txt', 'second')).json()
      const [big, windows] = [(await upload('C:\\Users\\ann\\big.bin', large)).json(), (await upload('/home/ann/größe 100%', '')).json()]
      // Safe, and to be had, before there is a snapshot.
      expect(spooled()).toHaveLength(4)
      expect((await download(first.id)).toString()).toBe('first')
      await server.services.gatherer.gather({ all: true })
      expect(spooled()).toHaveLength(0)
      expect((await download(first.id)).toString()).toBe('first')
      expect((await download(second.id)).toString()).toBe('second')
      expect((await download(big.id)).equals(large)).toBe(true)
      expect((await download(windows.id)).toString()).toBe('')
      const listed = (await server.request(`GET /api/clients/${token}/backups`)).json()
      expect(listed.map(({ id }: { id: number }) => id)).toEqual([windows.id, big.id, second.id, first.id])
      // Two versions of one path cannot be in one snapshot.
      const { items } = (await asAdmin(`GET /api/v1/snapshots?clientId=${clientId}`)).json()
      expect(items.map(({ fileCount }: { fileCount: number }) => fileCount).toSorted()).toEqual([1, 3])
    })

    it('lose nothing that they have taken when the server dies before the snapshot', async () => {
      const { id } = (await upload('/a', 'safe')).json()
      await server.services.gatherer.stop()
      // Whoever comes next finds the spool.
      await server.services.gatherer.gather({ all: true })
      expect((await download(id)).toString()).toBe('safe')
      expect(spooled()).toHaveLength(0)
    })

    it('keep nothing of an upload that makes no sense', async () => {
      expect((await upload('', 'x')).statusCode).toBe(422)
      expect((await upload('/a', 'x', { retention_days: 'many' })).statusCode).toBe(422)
      expect(spooled()).toHaveLength(0)
    })

    it('refuse a form that ends too soon or is none, and keep nothing of it', async () => {
      const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="path"\r\n\r\n/x\r\n`
      const file = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nabc`
      const typed = `multipart/form-data; boundary=${BOUNDARY}`
      for (const [type, body] of [
        [typed, head],
        [typed, `${head}${file}`],
        [typed, `${head}${file}\r\n--${BOUNDARY}\r\nContent-Disp`],
        [typed, `${head}${file}\r\n--${BOUNDARY}--`.replaceAll(BOUNDARY, 'other')],
        [typed, ''],
        ['multipart/form-data', `${head}${file}\r\n--${BOUNDARY}--\r\n`],
      ] as const) {
        const reply = await server.request(`POST /api/clients/${token}/backup`, { body, headers: { 'content-type': type } })
        expect([body, reply.statusCode, reply.json()]).toEqual([body, 422, { detail: expect.any(String) }])
      }
      expect(spooled()).toHaveLength(0)
    })

    it('let old versions go, by the rule that takes more, and never the newest', async () => {
      const ids: number[] = []
      for (let version = 0; version < 4; version++) {
        ids.push((await upload('/a', `version ${version}`)).json().id)
        await upload('/other', `other ${version}`, { retention_versions: '10' })
        await server.services.gatherer.gather({ all: true })
        clock.advance(DAY_MS)
      }
      ids.push((await upload('/a', 'version 4', { retention_versions: '3', retention_days: '30' })).json().id)
      await server.services.gatherer.gather({ all: true })
      await server.services.serviceRetention.apply()
      const listed = (await server.request(`GET /api/clients/${token}/backups`)).json()
      expect(
        listed.filter(({ original_path }: { original_path: string }) => original_path === '/a').map(({ id }: { id: number }) => id),
      ).toEqual(ids.slice(2).reverse())
      expect(listed.filter(({ original_path }: { original_path: string }) => original_path === '/other')).toHaveLength(4)
      // Those that stay can still be had from the snapshots that were written anew.
      for (const { id } of listed) expect((await download(id)).length).toBeGreaterThan(0)
      clock.advance(100 * DAY_MS)
      await server.services.serviceRetention.apply()
      const later = (await server.request(`GET /api/clients/${token}/backups`)).json()
      expect(later.filter(({ original_path }: { original_path: string }) => original_path === '/a')).toHaveLength(1)
    })

    it('have tasks, which are plans', async () => {
      const fields = { path: '/home', frequency_minutes: '45', pre_commands: 'sync', retention_days: '7', compress: 'true' }
      const made = await form(`POST /api/clients/${clientId}/tasks`, fields, admin)
      expect([made.statusCode, made.headers.location]).toEqual([303, `/clients/${clientId}`])
      const [task] = (await server.request(`GET /api/clients/${token}/tasks`)).json()
      expect(task).toEqual({
        id: expect.any(Number),
        path: '/home',
        frequency_minutes: 45,
        pre_commands: ['sync'],
        retention_days: 7,
        retention_versions: null,
        compress: true,
        last_run: null,
        // Due since it was made.
        next_run: timeOf(clock.now()),
        pending_run_id: null,
      })
      expect((await asAdmin(`GET /api/clients/${clientId}/tasks`)).json()).toEqual([task])
      expect((await asAdmin(`GET /api/v1/plans/${task.id}`)).json()).toMatchObject({ selection: { paths: ['/home'] } })
      const scheduled = (await asAdmin(`POST /api/clients/${clientId}/tasks/${task.id}/run`)).json()
      expect(scheduled).toEqual({ status: 'scheduled', run_id: expect.any(Number) })
      expect((await server.request(`GET /api/clients/${token}/tasks`)).json()[0].pending_run_id).toBe(scheduled.run_id)
      const end = { run_id: String(scheduled.run_id), status: 'SUCCESS', message: 'all well' }
      expect((await form(`POST /api/clients/${token}/tasks/${task.id}/status`, end)).json()).toEqual({
        status: 'recorded',
        run_id: scheduled.run_id,
      })
      const now = clock.now()
      expect((await server.request(`GET /api/clients/${token}/tasks`)).json()[0]).toMatchObject({
        pending_run_id: null,
        last_run: timeOf(now),
        next_run: timeOf(now + 45 * 60_000),
      })
      const unknown = await form(`POST /api/clients/${token}/tasks/${task.id}/status`, {
        run_id: '9999',
        status: 'FAILED',
        message: 'disk',
      })
      expect(unknown.json().run_id).not.toBe(scheduled.run_id)
      const run = (await asAdmin(`GET /api/v1/runs/${unknown.json().run_id}`)).json()
      expect(run).toMatchObject({ state: 'error', error: { message: 'disk' }, planId: task.id })
    })

    const tasks = async (): Promise<ReturnType<typeof JSON.parse>> => (await server.request(`GET /api/clients/${token}/tasks`)).json()

    it('have tasks that are due when they are asked for, and stay due until they were carried out', async () => {
      for (const path of ['/z', '/a']) await form(`POST /api/clients/${clientId}/tasks`, { path, frequency_minutes: '1' }, admin)
      clock.advance(90_000)
      // The times of the plan have gone by meanwhile.
      await server.services.scheduler.look()
      expect(await tasks()).toMatchObject([
        { path: '/z', last_run: null, pending_run_id: expect.any(Number) },
        { path: '/a', last_run: null },
      ])
      for (const { next_run } of await tasks()) expect(Date.parse(`${next_run}Z`)).toBeLessThanOrEqual(clock.now())
      const [{ id }] = await tasks()
      await form(`POST /api/clients/${token}/tasks/${id}/status`, { run_id: '0', status: 'SUCCESS', message: '' })
      expect((await tasks())[0]).toMatchObject({
        last_run: timeOf(clock.now()),
        next_run: timeOf(clock.now() + 60_000),
        pending_run_id: null,
      })
      clock.advance(5000)
      const first = (await asAdmin(`POST /api/clients/${clientId}/tasks/${id}/run`)).json()
      const again = (await asAdmin(`POST /api/clients/${clientId}/tasks/${id}/run`)).json()
      expect(again).toEqual({ status: 'scheduled', run_id: expect.any(Number) })
      expect(again.run_id).not.toBe(first.run_id)
      const lastRun = timeOf(clock.now() - 5000)
      expect((await tasks())[0]).toMatchObject({ last_run: lastRun, next_run: timeOf(clock.now()), pending_run_id: again.run_id })
    })

    it('show plans that were made elsewhere as tasks at their own times', async () => {
      await server.services.repositories.ensureDefault()
      const plan = { name: 'nightly', selection: { paths: ['/data/x'] }, schedule: { cron: '0 */6 * * *', timeZone: 'UTC' } }
      const { id } = (await asAdmin(`POST /api/v1/clients/${clientId}/plans`, plan)).json()
      const [task] = await tasks()
      expect(task).toMatchObject({ id, path: '/data/x', frequency_minutes: 360, last_run: null, pending_run_id: null })
      expect(Date.parse(`${task.next_run}Z`)).toBeGreaterThan(clock.now())
      // What has no time would be carried out at once.
      await asAdmin(`PATCH /api/v1/plans/${id}`, { isEnabled: false })
      expect(await tasks()).toEqual([])
      const { run_id } = (await asAdmin(`POST /api/clients/${clientId}/tasks/${id}/run`)).json()
      expect(await tasks()).toMatchObject([{ id, pending_run_id: run_id, next_run: timeOf(clock.now()) }])
    })

    it('take what the former server took', async () => {
      const odd = [
        { path: '/a', is_dir: 1 },
        { path: '' },
        { is_dir: true },
        { path: `/${'x'.repeat(40_000)}` },
        { path: '/b', is_dir: null },
      ]
      expect((await server.request(`POST /api/clients/${token}/files`, { body: odd })).json()).toEqual({ status: 'updated' })
      expect((await asAdmin(`GET /api/clients/${clientId}/files`)).json()).toMatchObject([
        { path: '/a', is_dir: true },
        { path: '/b', is_dir: false },
      ])
      const listed = (await asAdmin(`GET /api/clients/${clientId}/files`)).json()
      await server.request(`POST /api/clients/${token}/files`, { body: odd })
      // The same again is not written again: ids would run out in the end.
      expect((await asAdmin(`GET /api/clients/${clientId}/files`)).json()).toEqual(listed)
      await server.request(`POST /api/clients/${token}/files`, { body: [{ path: '/a', is_dir: false }, ...odd.slice(1)] })
      expect((await asAdmin(`GET /api/clients/${clientId}/files`)).json()).toMatchObject([{ path: '/a', is_dir: false }, { path: '/b' }])
      const long = 'x'.repeat(30_000)
      expect((await form(`POST /api/clients/${token}/log`, { level: 'ERROR', message: long })).statusCode).toBe(200)
      const user = { username: ' ann ', password: 'wrong horse battery', is_admin: 'true', retention_days: '0', retention_versions: 9 }
      expect((await asAdmin('POST /api/register_user', user)).json()).toMatchObject({ username: 'ann', is_admin: true, retention_days: 0 })
      expect((await asAdmin('GET /api/v1/users')).json()).toContainEqual(
        expect.objectContaining({ username: 'ann', role: 'admin', retention: { versions: 1 } }),
      )
      for (const [compress, isCompressed] of Object.entries({ yes: true, no: false, '': false })) {
        const fields = { path: `/${compress}`, frequency_minutes: '100', retention_versions: '0', compress }
        expect((await form(`POST /api/clients/${clientId}/tasks`, fields, admin)).statusCode).toBe(303)
        expect((await tasks()).at(-1)).toMatchObject({ compress: isCompressed, retention_versions: 1 })
      }
      const [{ id }] = await tasks()
      const end = { run_id: '0', status: 'FAILED', message: long }
      expect((await form(`POST /api/clients/${token}/tasks/${id}/status`, end)).statusCode).toBe(200)
      const unnamed = (await asAdmin('POST /api/clients/register', { name: '', owner_id: 0 })).json()
      expect(unnamed).toMatchObject({ name: 'client at 127.0.0.1', owner_id: expect.any(Number) })
      await form(`POST /api/clients/${clientId}/config`, { pre_commands: 'sync\ndate' }, admin)
      expect((await asAdmin('POST /api/clients/register', { name: 'desk' })).json().pre_commands).toBe('sync\ndate')
    })

    it('take no client away from who is at work', async () => {
      const register = async (
        name: string,
        remoteAddress: string,
      ): Promise<{ readonly id: number; readonly name: string; readonly token: string }> => {
        const headers = { authorization: `Bearer ${admin}` }
        return (await server.app.inject({ method: 'POST', url: '/api/clients/register', payload: { name }, headers, remoteAddress })).json()
      }
      const ping = async (own: string): Promise<number> => (await server.request(`POST /api/clients/${own}/ping`)).statusCode
      const first = await register('nas', '192.0.2.1')
      expect(await ping(first.token)).toBe(200)
      const second = await register('nas', '192.0.2.2')
      expect(second).toMatchObject({ name: 'nas (2)', last_ping: null })
      expect([await ping(first.token), await ping(second.token)]).toEqual([200, 200])
      // One that starts again is the same.
      expect((await register('nas', '192.0.2.1')).id).toBe(first.id)
      clock.advance(3_600_000)
      expect((await register('nas', '192.0.2.3')).id).toBe(first.id)
      await server.database.queries.updateTable('clients').set({ version: '1.0.0' }).where('id', '=', first.id).execute()
      expect((await register('nas', '192.0.2.3')).id).toBe(second.id)
    })

    it('keep clients apart', async () => {
      const { id } = (await upload('/secret', 'mine')).json()
      const other = (await asAdmin('POST /api/clients/register', { name: 'other' })).json()
      expect((await server.request(`GET /api/clients/${other.token}/backups`)).json()).toEqual([])
      expect((await server.request(`GET /api/clients/${other.token}/download/${id}`)).statusCode).toBe(404)
      const again = (await asAdmin('POST /api/clients/register', { name: 'desk' })).json()
      expect(again.id).toBe(clientId)
      expect((await server.request(`POST /api/clients/${token}/ping`)).statusCode).toBe(404)
    })

    it('make of thousands of files a handful of snapshots', async () => {
      for (let file = 0; file < 3000; file += 50) {
        await Promise.all(
          Array.from({ length: 50 }, (_, index) => upload(`/data/folder-${file % 97}/file-${file + index}`, `content ${file + index}`)),
        )
        if (file % 750 === 0) await server.services.gatherer.gather()
      }
      await server.services.gatherer.gather({ all: true })
      expect(spooled()).toHaveLength(0)
      const [{ location }] = (await asAdmin('GET /api/v1/repositories')).json()
      const kit = (await asAdmin('GET /api/v1/repositories/1/recovery-kit')).body
      const [, password = ''] = /RESTIC_PASSWORD='([^']+)'/.exec(kit) ?? []
      const repository = await openRepository(await openStorage(parseLocation(location)), { password })
      expect((await loadSnapshots(repository)).length).toBeLessThan(10)
      const packs = await Array.fromAsync(repository.list('data'))
      expect(packs.length).toBeLessThan(20)
      await repository.storage.close()
      const { items } = (await asAdmin('GET /api/v1/snapshots')).json()
      expect(items.reduce((sum: number, { fileCount }: { fileCount: number }) => sum + fileCount, 0)).toBe(3000)
    }, 300_000)
  })
}
