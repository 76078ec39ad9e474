import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { currentIdentity, timestampFromMs } from '@holdfast/engine'
import { type CephS3, resticBinaries, type Sshd, startCephS3, startSshd } from '@holdfast/engine/testing'
import type { LightMyRequestResponse } from 'fastify'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { runRestic } from '../../testing/restic-lab.ts'
import { allDatabases, TestServer } from '../../testing/test-server.ts'
import { lockPastStale } from './lock-past-stale.ts'

const PASSWORD = "it's the password of somebody"
const [{ path: restic } = { path: '' }] = resticBinaries()

let ceph: CephS3
let sshd: Sshd
let folders = 0
/** A repository that restic has made. */
let made: string
beforeAll(async () => {
  made = mkdtempSync(join(tmpdir(), 'holdfast-made-'))
  const making = runRestic(restic, ['init'], { location: made, password: PASSWORD })
  ;[ceph, sshd] = await Promise.all([startCephS3(), startSshd(), making])
})
afterAll(async () => {
  rmSync(made, { recursive: true, force: true })
  await Promise.all([ceph?.stop(), sshd?.stop()])
})

for (const databases of allDatabases()) {
  describe(`repositories on ${databases.name}`, () => {
    let server: TestServer
    beforeEach(async () => {
      server = await TestServer.start({ databaseUrl: await databases.create() })
      await server.addUser('root', 'admin')
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    function add(repository: object): Promise<LightMyRequestResponse> {
      return server.request('POST /api/v1/repositories', { as: 'root', body: repository })
    }

    it('are opened with the key that the password gave before, as long as its file is there', async () => {
      const location = join(server.folder, 'keys of it')
      const { id } = (await add({ name: 'first', location, mode: 'create', password: PASSWORD })).json()
      const [key = ''] = readdirSync(join(location, 'keys'))
      const file = join(location, 'keys', key)
      const content = readFileSync(file)
      const { queries } = server.database
      const sealedKey = async () => (await queries.selectFrom('repositories').select('sealed_key').executeTakeFirstOrThrow()).sealed_key
      const open = async () => {
        const { storage, keyId } = await server.services.repositories.open(id)
        await storage.close()
        return keyId
      }
      expect(await sealedKey()).toMatch(/^v1\./)
      rmSync(file)
      writeFileSync(file, 'not to be read')
      expect(await open()).toBe(key)
      writeFileSync(file, content)
      await queries.updateTable('repositories').set({ sealed_key: null }).execute()
      expect(await open()).toBe(key)
      expect(await sealedKey()).toMatch(/^v1\./)
      rmSync(file)
      await expect(open()).rejects.toMatchObject({ code: 'repository.missing' })
    })

    it('are made in folders, the first of them as the default', async () => {
      const location = join(server.folder, 'first')
      const added = await add({ name: 'first', location, mode: 'create', password: PASSWORD })
      expect(added.statusCode, added.body).toBe(201)
      expect(added.json()).toMatchObject({ name: 'first', kind: 'local', location, isDefault: true, hasKey: true })
      expect((await runRestic(restic, ['check'], { location, password: PASSWORD })).code).toBe(0)
      const second = await add({ name: 'second', location: join(server.folder, 'second'), mode: 'create' })
      expect(second.json()).toMatchObject({ isDefault: false })

      const route = `PATCH /api/v1/repositories/${second.json().id}`
      expect((await server.request(route, { as: 'root', body: { name: 'other', isDefault: true } })).json()).toMatchObject({
        name: 'other',
      })
      const list = (await server.request('GET /api/v1/repositories', { as: 'root' })).json() as { name: string; isDefault: boolean }[]
      expect(list.map(({ name, isDefault }) => [name, isDefault])).toEqual([
        ['first', false],
        ['other', true],
      ])
      expect((await server.request(route, { as: 'root', body: { name: 'first' } })).statusCode).toBe(409)
      const removed = await server.request(`DELETE /api/v1/repositories/${second.json().id}`, { as: 'root' })
      expect([removed.statusCode, readdirSync(join(server.folder, 'second'))]).toEqual([204, expect.arrayContaining(['config'])])
    })

    it('are not made over others, of taken names, or where they cannot be', async () => {
      const location = join(server.folder, 'first')
      await add({ name: 'first', location, mode: 'create' })
      writeFileSync(join(server.folder, 'file'), '')
      const refused = [
        { name: 'first', location: join(server.folder, 'second'), mode: 'create' },
        { name: 'again', location, mode: 'create' },
        { name: 'relative', location: 'folder', mode: 'create' },
        { name: 'file', location: join(server.folder, 'file'), mode: 'create' },
        { name: 'login', location: 'rest:https://ann:secret@host/', mode: 'create' },
        { name: 'nothing', location: join(server.folder, 'third'), mode: 'adopt', password: PASSWORD },
        { name: 'nameless', location: '', mode: 'create' },
      ]
      const answers: unknown[] = []
      for (const repository of refused) answers.push((await add(repository)).statusCode)
      expect(answers).toEqual([409, 409, 422, 422, 422, 422, 422])
      expect((await server.request('GET /api/v1/repositories', { as: 'root' })).json()).toHaveLength(1)
    })

    it('are refused soon and with a reason where nobody answers, or somebody who keeps no repositories', async () => {
      const other = createServer((_, response) => response.writeHead(404).end())
      await once(other.listen(0, '127.0.0.1'), 'listening')
      const { port } = other.address() as AddressInfo
      const wrong = await add({ name: 'other', location: `rest:http://127.0.0.1:${port}/`, mode: 'create' })
      expect(wrong.json()).toMatchObject({ status: 422, code: 'request.invalid', detail: expect.stringContaining(`127.0.0.1:${port}`) })
      other.close()
      await once(other, 'close')
      const nobody = await add({ name: 'nobody', location: `rest:http://127.0.0.1:${port}/`, mode: 'create' })
      expect(nobody.json()).toMatchObject({ status: 503, code: 'storage.unavailable' })
    }, 30_000)

    it('of restic are taken over with their password', async () => {
      const location = join(server.folder, 'theirs')
      cpSync(made, location, { recursive: true })
      const wrong = await add({ name: 'theirs', location, mode: 'adopt', password: 'wrong' })
      expect([wrong.statusCode, wrong.json().code]).toEqual([422, 'repository.password'])
      expect(wrong.json().detail).toMatch(/password/)
      const missing = await add({ name: 'theirs', location, mode: 'adopt' })
      expect([missing.statusCode, missing.json().detail]).toEqual([422, expect.stringContaining('password is missing')])
      const added = await add({ name: 'theirs', location, mode: 'adopt', password: PASSWORD })
      expect(added.statusCode, added.body).toBe(201)
      expect(readdirSync(join(location, 'locks'))).toEqual([])
    })

    it('are there once, whatever their location and name', async () => {
      const location = join(server.folder, 'first')
      const { id } = (await add({ name: 'first', location, mode: 'create', password: PASSWORD })).json()
      const again = { name: 'again', location: `${location}/../first/`, mode: 'adopt', password: PASSWORD }
      const refused = await add(again)
      expect([refused.statusCode, refused.json().fields]).toMatchObject([409, [{ path: '/location', reason: 'there-already' }]])
      expect(refused.json().detail).toContain('as first at')
      // Of those that were added before their ids were kept, they are from when they are opened next.
      const { queries } = server.database
      await queries.updateTable('repositories').set({ config_id: null }).execute()
      await (await server.services.repositories.open(id)).storage.close()
      expect((await add(again)).statusCode).toBe(409)
      expect((await server.request('GET /api/v1/repositories', { as: 'root' })).json()).toHaveLength(1)
      expect((await server.request(`DELETE /api/v1/repositories/${id}`, { as: 'root' })).statusCode).toBe(204)
      const both = await Promise.all([add(again), add({ ...again, name: 'third', location })])
      expect(both.map(({ statusCode }) => statusCode).toSorted()).toEqual([201, 409])
    })

    it('do not take credentials that lead to another repository', async () => {
      const location = join(server.folder, 'first')
      const { id } = (await add({ name: 'first', location, mode: 'create', password: PASSWORD })).json()
      const change = (): Promise<LightMyRequestResponse> =>
        server.request(`PATCH /api/v1/repositories/${id}`, { as: 'root', body: { credentials: {} } })
      expect((await change()).statusCode).toBe(200)
      // What is at a location can depend on who asks, as in the home folders of SFTP.
      rmSync(location, { recursive: true })
      cpSync(made, location, { recursive: true })
      const refused = await change()
      expect([refused.statusCode, refused.json().detail]).toEqual([409, expect.stringContaining('another repository')])
    })

    it('are not taken from clients whose machine is called like that of the server: their locks count until they are old', async () => {
      const { id } = (await add({ name: 'first', location: join(server.folder, 'first'), mode: 'create' })).json()
      const repository = await server.services.repositories.open(id)
      try {
        const lock = (hostname: string): Promise<unknown> => {
          // There is no such process.
          const fields = { time: timestampFromMs(Date.now()), exclusive: false, hostname, username: 'root', pid: 2 ** 22 + 1 }
          return repository.saveUnpacked('locks', Buffer.from(JSON.stringify(fields)))
        }
        await lock(repository.identity.hostname)
        await (await lockPastStale(repository, { exclusive: true }))[Symbol.asyncDispose]()
        await lock(currentIdentity().hostname)
        await expect(lockPastStale(repository, { exclusive: true })).rejects.toMatchObject({ code: 'repository.locked' })
      } finally {
        await repository.storage.close()
      }
    })

    it('keep their secrets sealed, and never tell them', async () => {
      const location = join(server.folder, 'first')
      const body = { name: 'first', location, mode: 'create', password: PASSWORD, credentials: { secretAccessKey: 'very-secret-key' } }
      const { id } = (await add(body)).json()
      const rows = JSON.stringify(await server.database.queries.selectFrom('repositories').selectAll().execute())
      const audited = JSON.stringify(await server.database.queries.selectFrom('audit_entries').selectAll().execute())
      const answers = await Promise.all(
        [`/${id}`, ''].map(async (path) => (await server.request(`GET /api/v1/repositories${path}`, { as: 'root' })).body),
      )
      for (const text of [rows, audited, ...answers]) {
        expect(text).not.toContain(PASSWORD)
        expect(text).not.toContain('very-secret-key')
      }
      expect(audited).toContain('repository.created')
      const kit = await server.request(`GET /api/v1/repositories/${id}/recovery-kit`, { as: 'root' })
      expect([kit.statusCode, kit.headers['cache-control']]).toEqual([200, 'no-store'])
      expect(JSON.stringify(await server.database.queries.selectFrom('audit_entries').selectAll().execute())).toContain('recovery-kit')
    })

    it('may be looked at by all, set up by administrators', async () => {
      const { id } = (await add({ name: 'first', location: join(server.folder, 'first'), mode: 'create' })).json()
      await server.addUser('olga', 'operator')
      const routes = ['GET /api/v1/repositories', `GET /api/v1/repositories/${id}`, `GET /api/v1/repositories/${id}/recovery-kit`]
      routes.push(`PATCH /api/v1/repositories/${id}`, `DELETE /api/v1/repositories/${id}`)
      const codes = await Promise.all(routes.map(async (route) => (await server.request(route, { as: 'olga' })).statusCode))
      expect(codes).toEqual([200, 200, 403, 403, 403])
    })

    it('in a folder, on S3 and over SFTP are restored by restic alone, by the steps of their recovery kit', async () => {
      const { accessKeyId, secretAccessKey } = ceph
      const { user, host, port, privateKey, knownHosts } = sshd
      const number = ++folders
      const kinds = [
        { name: 'local', location: join(server.folder, "it's local") },
        { name: 's3', location: `s3:${ceph.endpoint}/bucket-${number}/holdfast`, credentials: { accessKeyId, secretAccessKey } },
        {
          name: 'sftp',
          location: `sftp://${user}@${host}:${port}/${sshd.folder}/${number}`,
          credentials: { privateKey, knownHosts },
        },
      ]
      for (const kind of kinds) {
        const added = await add({ ...kind, mode: 'create', password: PASSWORD })
        expect(added.statusCode, added.body).toBe(201)
        const { body: kit } = await server.request(`GET /api/v1/repositories/${added.json().id}/recovery-kit`, { as: 'root' })
        // What the text says does not depend on the database.
        if (databases.name === 'SQLite') await followKit(kit)
        else expect(kit).toContain(`export RESTIC_REPOSITORY='${kind.location.replace("'", `'\\''`)}'`)
      }
    }, 30_000)

    it('are not made on S3 with wrong keys, nor over SFTP on a host that is not known', async () => {
      const credentials = { accessKeyId: ceph.accessKeyId, secretAccessKey: 'wrong' }
      const denied = await add({ name: 's3', location: `s3:${ceph.endpoint}/bucket/x`, mode: 'create', credentials })
      expect([denied.statusCode, denied.json().code]).toEqual([422, 'storage.denied'])
      const { user, host, port, privateKey } = sshd
      const location = `sftp://${user}@${host}:${port}/${sshd.folder}/strange`
      const strange = await add({ name: 'sftp', location, mode: 'create', credentials: { privateKey, knownHosts: '' } })
      expect([strange.statusCode, strange.json().code]).toEqual([422, 'storage.host-key'])
      expect(denied.body + strange.body).not.toContain('wrong')
    })

    it('do not take credentials that do not open them', async () => {
      const { accessKeyId, secretAccessKey } = ceph
      const location = `s3:${ceph.endpoint}/bucket-${++folders}/holdfast`
      const { id } = (await add({ name: 's3', location, mode: 'create', credentials: { accessKeyId, secretAccessKey } })).json()
      const change = (secret: string): Promise<LightMyRequestResponse> => {
        const body = { credentials: { accessKeyId, secretAccessKey: secret } }
        return server.request(`PATCH /api/v1/repositories/${id}`, { as: 'root', body })
      }
      expect((await change('wrong')).json()).toMatchObject({ status: 422, code: 'storage.denied' })
      expect((await change(secretAccessKey)).statusCode).toBe(200)
    })
  })
}

/** Backs up a file with the environment of a kit, then does what it says in an empty folder. */
async function followKit(kit: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-kit-'))
  try {
    const steps = /```sh\n([\s\S]*?)```/.exec(kit)?.[1] ?? ''
    const lines = steps.trimEnd().split('\n')
    const [snapshots = ''] = lines.slice(-2)
    const data = join(folder, 'data')
    mkdirSync(data)
    writeFileSync(join(data, 'file'), 'content')
    const script = (text: string): Promise<unknown> =>
      promisify(execFile)('bash', ['-e', '-c', text], {
        cwd: folder,
        env: { PATH: `${dirname(restic)}:${process.env.PATH}`, HOME: folder },
      })
    await script([...lines.slice(0, -2), `${snapshots.replace(/snapshots$/, 'backup')} ${data}`].join('\n'))
    await script(steps)
    expect(readFileSync(join(folder, 'restored', data, 'file'), 'utf8')).toBe('content')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
