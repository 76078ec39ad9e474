import { once } from 'node:events'
import { readdirSync, readFileSync, truncateSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { systemClock } from '@holdfast/engine'
import { ManualClock } from '@holdfast/engine/testing'
import type { ResticAccessView } from '@holdfast/protocol'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { basicOf, type LabLogin, nameOf, ResticLab } from '../testing/restic-lab.ts'
import { samplePlan } from '../testing/sample-plans.ts'
import { allDatabases } from '../testing/test-server.ts'

describe('signing in', () => {
  let lab: ResticLab
  let login: LabLogin

  beforeEach(async () => {
    lab = await ResticLab.start()
    login = await lab.addClient('laptop')
    await lab.grant(login, await lab.addRepository('main', 'client'))
  })
  afterEach(() => lab[Symbol.asyncDispose]())

  it('takes the name of the client with its password, and nothing else', async () => {
    expect((await lab.raw('GET main/data/', { login })).status).toBe(200)
    const nobody = await lab.raw('GET main/data/')
    expect(nobody).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Basic realm="restic"' } })
    const agent = await lab.server.request(`POST /api/v1/clients/${login.clientId}/token`, { as: 'root' })
    const headers = [
      basicOf({ ...login, username: 'desktop' }),
      basicOf({ ...login, password: `${login.password}x` }),
      basicOf({ ...login, password: '' }),
      basicOf({ ...login, password: (agent.json() as { readonly token: string }).token }),
      `Bearer ${login.password}`,
      'Basic ???',
      'Basic ',
      `Basic ${'A'.repeat(10_000)}`,
    ]
    for (const authorization of headers) expect((await lab.raw('GET main/data/', { headers: { authorization } })).status).toBe(401)
  })

  it('ends with the password, with its successor, and with the client', async () => {
    const password = `/api/v1/clients/${login.clientId}/restic/password`
    const next = { ...login, ...((await lab.server.request(`POST ${password}`, { as: 'root' })).json() as object) }
    expect((await lab.raw('GET main/data/', { login })).status).toBe(401)
    expect((await lab.raw('GET main/data/', { login: next })).status).toBe(200)
    await lab.server.request(`PATCH /api/v1/clients/${login.clientId}`, { as: 'root', body: { isDisabled: true } })
    expect((await lab.raw('GET main/data/', { login: next })).status).toBe(403)
    await lab.server.request(`PATCH /api/v1/clients/${login.clientId}`, { as: 'root', body: { isDisabled: false } })
    expect((await lab.raw('GET main/data/', { login: next })).status).toBe(200)
    await lab.server.request(`DELETE ${password}`, { as: 'root' })
    expect((await lab.raw('GET main/data/', { login: next })).status).toBe(401)
  })

  it('opens no repository of others, and tells it from none at all by nothing', async () => {
    await lab.addRepository('other', 'client')
    const foreign = await lab.raw('GET other/config', { login })
    expect(foreign.status).toBe(404)
    expect(foreign.body.toString()).toBe((await lab.raw('GET none/config', { login })).body.toString())
    await lab.server.request(`DELETE /api/v1/clients/${login.clientId}/restic/repositories/1`, { as: 'root' })
    expect((await lab.raw('GET main/data/', { login })).status).toBe(404)
  })

  it('is slow for those who guess, and not for others behind the same address', async () => {
    const wrong = { ...login, password: 'hfr_wrong' }
    for (let attempt = 0; attempt < 10; attempt++) expect((await lab.raw('GET main/data/', { login: wrong })).status).toBe(401)
    const refused = await lab.raw('GET main/data/', { login: wrong })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await lab.raw('GET main/data/', { login })).status).toBe(429)
    const other = await lab.addClient('desktop')
    expect((await lab.raw('GET none/data/', { login: other })).status).toBe(404)
  })

  it('is given by owners and administrators, and access by administrators alone', async () => {
    await lab.server.addUser('owner', 'operator')
    const own = await lab.addClient('own', { owner: 'owner' })
    const grant = { as: 'owner', body: { isFull: true } }
    expect((await lab.server.request(`PUT /api/v1/clients/${own.clientId}/restic/repositories/1`, grant)).statusCode).toBe(403)
    expect((await lab.server.request(`POST /api/v1/clients/${login.clientId}/restic/password`, { as: 'owner' })).statusCode).toBe(404)
    expect((await lab.raw('GET main/data/', { login: own })).status).toBe(404)
  })
})

describe('a repository that only clients have the key of', () => {
  it('is nothing that the server would have to open', async () => {
    await using lab = await ResticLab.start()
    const id = await lab.addRepository('own', 'client')
    const { clientId } = await lab.addClient('laptop')
    expect((await lab.server.request(`GET /api/v1/repositories/${id}`, { as: 'root' })).json()).toMatchObject({
      hasKey: false,
      isDefault: false,
    })
    const plan = { as: 'root', body: { ...samplePlan(), repositoryId: id } }
    expect((await lab.server.request(`POST /api/v1/clients/${clientId}/plans`, plan)).statusCode).toBe(404)
    expect((await lab.server.request(`GET /api/v1/repositories/${id}/recovery-kit`, { as: 'root' })).statusCode).toBe(409)
    const asDefault = { as: 'root', body: { isDefault: true } }
    expect((await lab.server.request(`PATCH /api/v1/repositories/${id}`, asDefault)).statusCode).toBe(409)
    const secret = { name: 'two', location: lab.folderOf('two'), mode: 'client', password: 'secret' }
    expect((await lab.server.request('POST /api/v1/repositories', { as: 'root', body: secret })).statusCode).toBe(422)
    await expect(lab.server.services.repositories.open(id)).rejects.toMatchObject({ code: 'request.conflict' })
  })
})

describe('a hostile client', () => {
  let lab: ResticLab
  let login: LabLogin

  beforeEach(async () => {
    lab = await ResticLab.start()
    login = await lab.addClient('laptop')
    await lab.grant(login, await lab.addRepository('main', 'client'))
    await lab.addRepository('other', 'client')
  })
  afterEach(() => lab[Symbol.asyncDispose]())

  it('gets out of its repository by no path', async () => {
    await lab.raw('POST main/config', { login, body: Buffer.from('config') })
    const paths = [
      'main/../other/config',
      'main/..%2fother/config',
      'main%2f..%2fother/config',
      'main/data/../config',
      'main/data/..%2fconfig',
      'main//config',
      'main/./config',
      'main/data/%2e%2e/config',
      'main/config/',
      'main/config%00',
      '..%2f..%2fetc/passwd',
      'main/../../../../etc/passwd',
      `main/${'a'.repeat(5000)}`,
      '',
      '/',
    ]
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const body = method === 'POST' ? { body: Buffer.from('x') } : {}
        expect([path, (await lab.raw(`${method} ${path}`, { login, ...body })).status]).toEqual([path, 404])
      }
    }
    expect((await lab.raw('GET %E0%A4%A/config', { login })).status).toBe(400)
    expect(filesOf(lab, 'main')).toEqual(['config'])
    expect(filesOf(lab, 'other')).toEqual([])
  })

  it('leaves nothing by wrong hashes, absurd lengths, bodies without one, and those that break off', async () => {
    const content = Buffer.alloc(300_000, 'content')
    const path = `main/data/${nameOf(content)}`
    expect((await lab.raw(`POST ${path}`, { login, body: Buffer.alloc(300_000, 'other') })).status).toBe(400)
    const before = process.memoryUsage().rss
    for (const length of ['999999999999', '201326593']) {
      expect(await firstLine(lab, { head: [`POST /restic/${path} HTTP/1.1`, `content-length: ${length}`], login })).toContain(' 413 ')
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
    expect(await firstLine(lab, { head: [`POST /restic/${path} HTTP/1.1`, 'transfer-encoding: chunked'], login })).toContain(' 411 ')
    const broken = ['content-length: 300000', '', content.subarray(0, 200_000).toString()]
    await firstLine(lab, { head: [`POST /restic/${path} HTTP/1.1`, ...broken], login, isCut: true })
    expect(filesOf(lab, 'main')).toEqual([])
    expect(await usedBytes(lab, login)).toBe(0)
    expect((await lab.raw(`POST ${path}`, { login, body: content })).status).toBe(200)
    expect(filesOf(lab, 'main')).toHaveLength(1)
    expect(await usedBytes(lab, login)).toBe(300_000)
  })

  it('may go in the middle of a download, and is not told less than all when the file breaks off', async () => {
    const content = Buffer.alloc(8_000_000, 'content')
    const name = nameOf(content)
    await lab.raw(`POST main/data/${name}`, { login, body: content })
    for (let round = 0; round < 30; round++) await firstLine(lab, { head: [`GET /restic/main/data/${name} HTTP/1.1`], login })
    expect((await lab.raw(`GET main/data/${name}`, { login })).body.equals(content)).toBe(true)
    const broken = lab.raw(`GET main/data/${name}`, { login })
    truncateSync(join(lab.folderOf('main'), 'data', name.slice(0, 2), name), 5_000_000)
    // It has begun before or after the file was cut: all of the one or all of the other, or a broken connection.
    const lengths = await broken.then(
      ({ body }) => body.length,
      () => 0,
    )
    expect([0, 5_000_000, 8_000_000]).toContain(lengths)
  })

  it('overwrites and removes nothing, be it that it is its own lock', async () => {
    const body = Buffer.from('body')
    expect((await lab.raw('POST main/config', { login, body: Buffer.from('first') })).status).toBe(200)
    expect((await lab.raw('POST main/config', { login, body: Buffer.from('other') })).status).toBe(403)
    for (const kind of ['data', 'index', 'keys', 'snapshots', 'locks']) {
      const path = `main/${kind}/${nameOf(body)}`
      expect((await lab.raw(`POST ${path}`, { login, body })).status).toBe(200)
      expect((await lab.raw(`POST ${path}`, { login, body })).status).toBe(200)
      expect((await lab.raw(`POST ${path}`, { login, body: Buffer.from('else') })).status).toBe(400)
      expect((await lab.raw(`DELETE ${path}`, { login })).status).toBe(kind === 'locks' ? 200 : 403)
    }
    expect((await lab.raw('DELETE main/config', { login })).status).toBe(403)
    const colleague = await lab.addClient('desktop')
    await lab.grant(colleague, 1)
    const lock = Buffer.from('lock of the colleague')
    await lab.raw(`POST main/locks/${nameOf(lock)}`, { login: colleague, body: lock })
    await lab.raw(`POST main/locks/${nameOf(lock)}`, { login, body: lock })
    expect((await lab.raw(`DELETE main/locks/${nameOf(lock)}`, { login })).status).toBe(403)
    expect((await lab.raw(`DELETE main/locks/${nameOf(lock)}`, { login: colleague })).status).toBe(200)
    expect(filesOf(lab, 'main')).toHaveLength(5)
    expect(readFileSync(`${lab.folderOf('main')}/config`, 'utf8')).toBe('first')
  })
})

for (const databases of allDatabases()) {
  describe(`on ${databases.name}`, () => {
    afterAll(() => databases.stop())

    it('names that no repository can have are refused', async () => {
      const databaseUrl = await databases.create()
      await using lab = await ResticLab.start({ databaseUrl })
      const login = await lab.addClient('laptop')
      for (const name of ['%00', 'a%00b', '%EF%BF%BF', '%F0%9F%92%BE', "'%22%5C", 'a'.repeat(3000)]) {
        expect([name, (await lab.raw(`GET ${name}/config`, { login })).status]).toEqual([name, 404])
      }
    })

    it('the quota holds against uploads at once, and knows of what is gone', async () => {
      const databaseUrl = await databases.create()
      const clock = new ManualClock(systemClock.now())
      await using lab = await ResticLab.start({ clock, databaseUrl })
      const login = await lab.addClient('laptop')
      const repository = await lab.addRepository('main', 'client')
      await lab.grant(login, repository, { isFull: true, quotaBytes: 1_000_000 })
      const files = Array.from({ length: 20 }, (_, number) => Buffer.alloc(95_000, `file ${number}`))
      const save = async (body: Buffer) => (await lab.raw(`POST main/data/${nameOf(body)}`, { login, body })).status
      const statuses = await Promise.all(files.map(save))
      expect(statuses.toSorted()).toEqual([...new Array(10).fill(200), ...new Array(10).fill(413)])
      expect(filesOf(lab, 'main')).toHaveLength(10)
      expect(await usedBytes(lab, login)).toBe(950_000)
      const stored = files.filter((_, number) => statuses[number] === 200)
      const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = stored
      const refused = files[statuses.indexOf(413)] ?? Buffer.alloc(0)
      // Sent again it is counted once; removed it leaves room.
      expect(await save(first)).toBe(200)
      expect((await lab.raw(`DELETE main/data/${nameOf(first)}`, { login })).status).toBe(200)
      expect(await save(refused)).toBe(200)
      expect(await save(first)).toBe(413)
      // A lock is needed to make room.
      const lock = Buffer.alloc(90_000, 'lock')
      expect((await lab.raw(`POST main/locks/${nameOf(lock)}`, { login, body: lock })).status).toBe(200)
      expect((await lab.raw(`DELETE main/locks/${nameOf(lock)}`, { login })).status).toBe(200)
      // What the server's own maintenance removes is noticed when room is short.
      const storage = await lab.server.services.repositories.openStorage(await lab.server.services.repositories.byId(repository))
      await storage.remove({ kind: 'data', name: nameOf(second) })
      clock.advance(11 * 60_000)
      expect(await save(first)).toBe(200)
      expect(await usedBytes(lab, login)).toBe(950_000)
    })
  })
}

/** Every file below the folder of a repository, temporary ones too. */
function filesOf(lab: ResticLab, repository: string): string[] {
  const entries = readdirSync(lab.folderOf(repository), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

async function usedBytes(lab: ResticLab, { clientId }: LabLogin): Promise<number | undefined> {
  const answer = await lab.server.request(`GET /api/v1/clients/${clientId}/restic`, { as: 'root' })
  return (answer.json() as ResticAccessView).repositories[0]?.usedBytes
}

/** The first line of the answer to a request that no sound client would send; none when the connection is cut right after it. */
async function firstLine(
  lab: ResticLab,
  { head, login, isCut = false }: { readonly head: readonly string[]; readonly login: LabLogin; readonly isCut?: boolean },
): Promise<string> {
  const socket = connect(lab.port, '127.0.0.1')
  const [requestLine = '', ...rest] = head
  const lines = [requestLine, 'host: localhost', `authorization: ${basicOf(login)}`, ...rest]
  const text = lines.join('\r\n') + (rest.includes('') ? '' : '\r\n\r\n')
  await new Promise<void>((resolve) => socket.write(text, () => resolve()))
  if (isCut) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    socket.destroy()
    await once(socket, 'close')
    await new Promise((resolve) => setTimeout(resolve, 100))
    return ''
  }
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return answer.toString().split('\r\n')[0] ?? ''
}
