import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadSnapshots } from '@holdfast/engine'
import type { DiffPage, EntriesPage, EntryDetails, SnapshotView } from '@holdfast/protocol'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addPlanRow } from '../../testing/sample-plans.ts'
import { SnapshotLab } from '../../testing/snapshot-lab.ts'
import { allDatabases, TEST_PASSWORD } from '../../testing/test-server.ts'

const LOGIN = { username: 'ann', password: TEST_PASSWORD }

for (const databases of allDatabases()) {
  describe(`snapshots on ${databases.name}`, () => {
    let lab: SnapshotLab
    let annId: number
    let laptop: number
    let foreign: number
    beforeEach(async () => {
      lab = await SnapshotLab.start(await databases.create())
      await lab.server.addUser('root', 'admin')
      annId = await lab.server.addUser('ann', 'operator')
      const benId = await lab.server.addUser('ben', 'operator')
      laptop = await lab.addClient(annId, 'laptop')
      foreign = await lab.addClient(benId, 'desktop')
    })
    afterEach(() => lab[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    const get = async <Body>(url: string, as = 'ann'): Promise<Body> => {
      const answer = await lab.server.request(`GET /api/v1/snapshots${url}`, { as })
      expect(answer.statusCode, answer.body).toBe(200)
      return answer.json() as Body
    }
    const status = async (route: string, as = 'ann', body?: object): Promise<number> =>
      (await lab.server.request(route, { as, ...(body === undefined ? {} : { body }) })).statusCode
    const ids = async (query: string, as = 'ann'): Promise<number[]> =>
      (await get<{ items: SnapshotView[] }>(query, as)).items.map(({ id }) => id)

    it('names the plan that made a snapshot, for as long as it is there', async () => {
      const planId = await addPlanRow(lab.server.database, { clientId: laptop, repositoryId: lab.repositoryId, name: 'Mail' })
      const gone = await lab.save({ a: '1' }, { clientId: laptop, planId: planId + 1 })
      const made = await lab.save({ a: '2' }, { clientId: laptop, planId })
      const { items } = await get<{ items: SnapshotView[] }>('')
      expect(items.map(({ id, planName }) => [id, planName])).toEqual([
        [made, 'Mail'],
        [gone, null],
      ])
      expect((await get<SnapshotView>(`/${made}`)).planName).toBe('Mail')
    })

    it('lists and filters what is the own, in pages', async () => {
      const first = await lab.save({ a: '1' }, { clientId: laptop, tags: ['nightly', '50%_"x"'] })
      const second = await lab.save({ a: '2' }, { clientId: laptop, hostname: 'beta', planId: 7 })
      const third = await lab.save({ a: '3' }, { clientId: foreign, tags: ['nightly'] })
      const nobodys = await lab.save({ a: '4' })
      expect(await ids('')).toEqual([second, first])
      expect(await ids('', 'ben')).toEqual([third])
      expect(await ids('', 'root')).toEqual([nobodys, third, second, first])
      expect(await ids('?tag=nightly', 'root')).toEqual([third, first])
      expect(await ids(`?tag=${encodeURIComponent('50%_"x"')}`)).toEqual([first])
      expect(await ids('?tag=night')).toEqual([])
      expect(await ids('?hostname=beta')).toEqual([second])
      expect(await ids('?planId=7')).toEqual([second])
      expect(await ids(`?clientId=${foreign}`)).toEqual([])
      expect(await ids('?from=2026-01-01T00:02:00Z&until=2026-01-01T00:03:00Z', 'root')).toEqual([second])
      const page = await get<{ items: SnapshotView[]; next: string }>('?limit=3', 'root')
      expect(page.items.length).toBe(3)
      expect(await ids(`?limit=3&cursor=${page.next}`, 'root')).toEqual([first])
      expect(await status('GET /api/v1/snapshots?cursor=x')).toBe(422)
    })

    it('shows nothing of what belongs to others', async () => {
      const theirs = await lab.save({ a: '1' }, { clientId: foreign })
      const nobodys = await lab.save({ a: '1' })
      const mine = await lab.save({ a: '1' }, { clientId: laptop })
      for (const id of [theirs, nobodys, 999_999]) {
        const routes = [
          '',
          '/entries',
          '/place?path=/&prefix=a',
          '/entry?path=/a',
          '/preview?path=/a',
          '/file?path=/a',
          '/archive?path=/a',
          '/forget-plan',
        ]
        for (const route of routes) expect(await status(`GET /api/v1/snapshots/${id}${route}`), route).toBe(404)
        expect(await status(`GET /api/v1/snapshots/${mine}/diff/${id}`)).toBe(404)
        expect(await status(`GET /api/v1/snapshots/${id}/diff/${mine}`)).toBe(404)
        expect(await status(`PATCH /api/v1/snapshots/${id}`, 'ann', { isPinned: true })).toBe(404)
        expect(await status(`PUT /api/v1/snapshots/${id}/tags`, 'ann', { tags: ['x'] })).toBe(404)
        expect(await status(`DELETE /api/v1/snapshots/${id}`)).toBe(404)
      }
      expect((await loadSnapshots(lab.repository)).length).toBe(3)
    })

    it('browses folders, sorted and in pages', async () => {
      const id = await lab.save(
        { docs: { deep: { x: '1' } }, 'b.txt': '22', 'a.txt': '4444', 'c.txt': '333', apps: {} },
        { clientId: laptop },
      )
      const names = async (query: string): Promise<string[]> =>
        (await get<EntriesPage>(`/${id}/entries${query}`)).items.map(({ name }) => name)
      expect(await names('')).toEqual(['apps', 'docs', 'a.txt', 'b.txt', 'c.txt'])
      expect(await names('?order=desc')).toEqual(['docs', 'apps', 'c.txt', 'b.txt', 'a.txt'])
      expect(await names('?sort=size')).toEqual(['apps', 'docs', 'b.txt', 'c.txt', 'a.txt'])
      expect(await names('?sort=time&limit=2')).toEqual(['apps', 'docs'])
      expect(await names('?path=/docs/deep')).toEqual(['x'])
      const page = await get<EntriesPage>(`/${id}/entries?limit=4`)
      expect([page.count, page.items.length]).toEqual([5, 4])
      expect(await names(`?limit=4&cursor=${page.next}`)).toEqual(['c.txt'])
      expect(await get(`/${id}/entry?path=/docs/deep/x`)).toMatchObject({
        path: '/docs/deep/x',
        kind: 'file',
        sizeBytes: 1,
        mode: '-rw-r--r--',
      })
      expect(await status(`GET /api/v1/snapshots/${id}/entries?path=/none`)).toBe(404)
      expect(await status(`GET /api/v1/snapshots/${id}/entries?path=/a.txt`)).toBe(422)
      expect(await status(`GET /api/v1/snapshots/${id}/entries?path=a`)).toBe(422)
      expect(await status(`GET /api/v1/snapshots/${id}/entry?path=/`)).toBe(422)
    })

    it('begins anywhere in a folder, and tells where an entry is', async () => {
      const id = await lab.save(
        { docs: {}, Apps: {}, 'b.txt': '22', 'a.txt': '4444', 'Bc.txt': '333', 'cafe\u0301': '1', '100%': '' },
        { clientId: laptop },
      )
      for (const query of ['', '&order=desc', '&sort=size', '&sort=size&order=desc', '&sort=time', '&sort=time&order=desc']) {
        const { items, count } = await get<EntriesPage>(`/${id}/entries?limit=100${query}`)
        expect(count).toBe(7)
        for (const [place, { path }] of items.entries()) {
          const part = await get<EntriesPage>(`/${id}/entries?limit=2&offset=${place}${query}`)
          expect(part.items).toEqual(items.slice(place, place + 2))
          expect(part.next).toBe(place + 2 < count ? String(place + 2) : null)
          expect(await get(`/${id}/place?path=/&entry=${encodeURIComponent(path)}${query}`), path + query).toEqual({ place })
        }
      }
      expect((await get<EntriesPage>(`/${id}/entries?offset=7`)).items).toEqual([])
      const place = async (query: string): Promise<unknown> => (await get<{ place: number }>(`/${id}/place?path=/&${query}`)).place
      const names = (await get<EntriesPage>(`/${id}/entries`)).items.map(({ name }) => name)
      expect(names).toEqual(['Apps', 'docs', '100%', 'Bc.txt', 'a.txt', 'b.txt', 'cafe\u0301'])
      expect(await Promise.all(['a', 'A', 'd', 'b', 'B.', 'caf%C3%A9', '1'].map((letters) => place(`prefix=${letters}`)))).toEqual([
        0, 0, 1, 3, 5, 6, 2,
      ])
      expect(await place('prefix=a&from=1')).toBe(4)
      expect(await place('prefix=a&from=5')).toBe(0)
      expect(await place('prefix=a&from=900')).toBe(0)
      expect(await place('prefix=zz')).toBe(null)
      expect(await place('entry=/none')).toBe(null)
      expect(await status(`GET /api/v1/snapshots/${id}/place?path=/`)).toBe(422)
      expect(await status(`GET /api/v1/snapshots/${id}/place?path=/none&prefix=a`)).toBe(404)
      expect(await status(`GET /api/v1/snapshots/${id}/place?path=/a.txt&prefix=a`)).toBe(422)
      expect(await status(`GET /api/v1/snapshots/${id}/entries?offset=-1`)).toBe(422)
    })

    it('has a large folder ready before it is opened', async () => {
      const files = Object.fromEntries(Array.from({ length: 12_000 }, (_, index) => [`file ${String(index).padStart(6, '0')}`, '']))
      const id = await lab.save({ many: files, few: { a: '' } }, { clientId: laptop })
      await get<EntriesPage>(`/${id}/entries`)
      await expect.poll(() => lab.blobReads, { timeout: 10_000 }).toBe(2)
      const { count, items } = await get<EntriesPage>(`/${id}/entries?path=/many&offset=11999`)
      expect([count, items[0]?.name]).toEqual([12_000, 'file 011999'])
      expect(await get(`/${id}/entry?path=/many/file%20000007`)).toMatchObject({ name: 'file 000007', sizeBytes: 0, mode: '-rw-r--r--' })
      expect(lab.blobReads).toBe(2)
      await get<EntriesPage>(`/${id}/entries?path=/few`)
      expect(lab.blobReads).toBe(3)
    })

    it('shows pictures whole, and the beginning of text', async () => {
      const picture = `GIF89a${'x'.repeat(100_000)}`
      const id = await lab.save({ 'p.gif': picture, 'long.txt': 'y'.repeat(100_000) }, { clientId: laptop })
      const shown = await lab.server.request(`GET /api/v1/snapshots/${id}/preview?path=/p.gif`, { as: 'ann' })
      expect([shown.statusCode, shown.headers['content-type'], shown.body === picture]).toEqual([200, 'image/gif', true])
      const text = await lab.server.request(`GET /api/v1/snapshots/${id}/preview?path=/long.txt`, { as: 'ann' })
      expect([text.body.length, text.headers['holdfast-size']]).toEqual([65_536, '100000'])
    })

    it('tells what changed between two', async () => {
      const before = await lab.save({ a: { same: '1', gone: { x: '1', y: '2' } }, b: 'old', k: { z: '1' } }, { clientId: laptop })
      const after = await lab.save({ a: { same: '1', new: '3' }, b: 'newer', k: 'file' }, { clientId: laptop })
      const expected = [
        ['/a/gone', 'removed'],
        ['/a/new', 'added'],
        ['/b', 'modified'],
        ['/k', 'type'],
      ]
      const changes = ({ items }: DiffPage): string[][] => items.map(({ path, change }) => [path, change])
      expect(changes(await get<DiffPage>(`/${before}/diff/${after}`))).toEqual(expected)
      expect(changes(await get<DiffPage>(`/${before}/diff/${after}?path=/a`))).toEqual(expected.slice(0, 2))
      const paged: string[][] = []
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page: DiffPage = await get<DiffPage>(`/${before}/diff/${after}?limit=1${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)
        paged.push(...changes(page))
        cursor = page.next
      }
      expect(paged).toEqual(expected)
      expect(changes(await get<DiffPage>(`/${before}/diff/${after}?change=added,type&limit=2`))).toEqual([expected[1], expected[3]])
      expect(changes(await get<DiffPage>(`/${before}/diff/${after}?change=metadata`))).toEqual([])
      expect(await status(`GET /api/v1/snapshots/${before}/diff/${after}?change=added,x`)).toBe(422)
      expect((await get<DiffPage>(`/${before}/diff/${before}`)).items).toEqual([])
      expect(await status(`GET /api/v1/snapshots/${before}/diff/${after}?path=/none`)).toBe(404)
    })

    it('gives files whole, in ranges, and as previews that are safe to show', async () => {
      const page = '<script>alert(1)</script>'
      const id = await lab.save({ 'page.html': page, 'naïve "x".txt': '0123456789', empty: '' }, { clientId: laptop })
      const file = await lab.server.request(`GET /api/v1/snapshots/${id}/file?path=${encodeURIComponent('/naïve "x".txt')}`, { as: 'ann' })
      expect([file.statusCode, file.body]).toEqual([200, '0123456789'])
      expect(file.headers).toMatchObject({
        'content-disposition': `attachment; filename="nai_ve _x_.txt"; filename*=UTF-8''na%C3%AFve%20%22x%22.txt`,
        'content-security-policy': "sandbox; default-src 'none'",
        'x-content-type-options': 'nosniff',
        'content-length': '10',
      })
      const range = async (value: string, more = {}): Promise<unknown[]> => {
        const headers = { range: value, ...more }
        const url = `GET /api/v1/snapshots/${id}/file?path=${encodeURIComponent('/naïve "x".txt')}`
        const answer = await lab.server.request(url, { as: 'ann', headers })
        return [answer.statusCode, answer.body, answer.headers['content-range']]
      }
      expect(await range('bytes=2-4')).toEqual([206, '234', 'bytes 2-4/10'])
      expect(await range('bytes=7-')).toEqual([206, '789', 'bytes 7-9/10'])
      expect(await range('bytes=-3')).toEqual([206, '789', 'bytes 7-9/10'])
      expect(await range('bytes=8-100')).toEqual([206, '89', 'bytes 8-9/10'])
      expect(await range('bytes=10-')).toEqual([416, '', 'bytes */10'])
      expect(await range('bytes=4-2')).toEqual([200, '0123456789', undefined])
      expect(await range('bytes=2-4', { 'if-range': '"other"' })).toEqual([200, '0123456789', undefined])
      expect(await range('bytes=2-4', { 'if-none-match': String(file.headers.etag) })).toEqual([304, '', undefined])
      const preview = await lab.server.request(`GET /api/v1/snapshots/${id}/preview?path=/page.html`, { as: 'ann' })
      expect([preview.statusCode, preview.body, preview.headers['content-type']]).toEqual([200, page, 'text/plain; charset=utf-8'])
      expect(preview.headers['content-security-policy']).toContain('sandbox')
      expect((await lab.server.request(`GET /api/v1/snapshots/${id}/file?path=/empty`, { as: 'ann' })).body).toBe('')
      await lab.server.addUser('vic', 'viewer')
      expect(await status(`GET /api/v1/snapshots/${id}/file?path=/empty`, 'vic')).toBe(403)
    })

    it('gives folders and chosen paths as archives that unpack', async () => {
      const id = await lab.save({ home: { ann: { docs: { x: '1', y: '2' }, notes: 'n', other: 'o' }, ben: 'b' } }, { clientId: laptop })
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-archive-'))
      try {
        const unpack = async (query: string): Promise<string[]> => {
          const answer = await lab.server.request(`GET /api/v1/snapshots/${id}/archive?${query}`, { as: 'ann' })
          expect(answer.statusCode, answer.body).toBe(200)
          const archive = join(folder, 'archive')
          writeFileSync(archive, answer.rawPayload)
          const [program, ...args] = query.includes('tar') ? ['tar', '-tf', archive] : ['unzip', '-Z1', archive]
          if (!query.includes('tar')) execFileSync('unzip', ['-tqq', archive])
          return execFileSync(program ?? '', args, { encoding: 'utf8' })
            .trim()
            .split('\n')
        }
        const docs = ['docs/', 'docs/x', 'docs/y']
        expect(await unpack('path=/home/ann/docs&format=zip')).toEqual(docs)
        expect(await unpack('path=/home/ann/docs&format=tar')).toEqual(docs)
        expect(await unpack('path=/home/ann/docs&path=/home/ann/notes')).toEqual([...docs, 'notes'])
        expect(await unpack('path=/home/ann/docs/x&path=/home/ben&format=tar')).toEqual(['ann/', 'ann/docs/', 'ann/docs/x', 'ben'])
        expect((await unpack('path=/&format=tar')).length).toBe(8)
        expect(await status(`GET /api/v1/snapshots/${id}/archive?path=/home&path=/none`)).toBe(404)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })

    it('gives thousands of chosen paths as one archive, asked for as JSON or by a form of its own site', async () => {
      const names = Array.from({ length: 3000 }, (_, index) => `file ${index}`)
      const id = await lab.save({ many: Object.fromEntries(names.map((name) => [name, 'x'])), other: 'o' }, { clientId: laptop })
      const route = `POST /api/v1/snapshots/${id}/archive`
      const path = names.slice(1).map((name) => `/many/${name}`)
      const form = new URLSearchParams({ format: 'tar' })
      for (const one of path) form.append('path', one)
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const ask = (more: object) => lab.server.request(route, { as: 'ann', ...more })
      for (const body of [{ body: { path, format: 'tar' } }, { body: form.toString(), headers }]) {
        const answer = await ask(body)
        expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/x-tar'])
        expect(answer.headers['content-disposition']).toContain('attachment')
        const listed = execFileSync('tar', ['-t'], { input: answer.rawPayload, encoding: 'utf8' }).trim().split('\n')
        expect(listed.toSorted()).toEqual(names.slice(1).toSorted())
      }
      const entered = await lab.server.app.inject({ method: 'POST', url: '/api/v1/session', payload: LOGIN })
      const cookie = String(entered.headers['set-cookie']).split(';')[0] ?? ''
      const asBrowser = (origin: string) =>
        lab.server.app.inject({
          method: 'POST',
          url: `/api/v1/snapshots/${id}/archive`,
          payload: form.toString(),
          headers: { ...headers, cookie, host: 'holdfast.example', origin },
        })
      expect((await asBrowser('http://holdfast.example')).statusCode).toBe(200)
      expect((await asBrowser('http://elsewhere.example')).statusCode).toBe(403)
      expect((await ask({ body: { path: Array.from({ length: 10_001 }, () => '/other') } })).statusCode).toBe(422)
      expect((await ask({ body: { path: ['/many/none'] } })).statusCode).toBe(404)
    })

    it('names, and gives, files whose names are no text', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-odd-'))
      try {
        const odd = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('caf\xe9 100%\n\u0085', 'latin1')])
        mkdirSync(odd)
        writeFileSync(Buffer.concat([odd, Buffer.from('/..x\xff\x1b[31m', 'latin1')]), 'content')
        writeFileSync(Buffer.concat([odd, Buffer.from('/r\u202egpj.exe')]), 'c')
        const id = await lab.backUp(Buffer.from(folder), { clientId: laptop })
        const [{ path } = { path: '' }] = (await get<EntriesPage>(`/${id}/entries?path=${folder}`)).items
        expect(path).toBe(`${folder}/caf%E9 100%25%0A%85`)
        const { items } = await get<EntriesPage>(`/${id}/entries?path=${encodeURIComponent(path)}`)
        expect(items.map(({ name }) => name)).toEqual(['..x\ufffd\ufffd[31m', 'r\ufffdgpj.exe'])
        const file = await lab.server.request(`GET /api/v1/snapshots/${id}/file?path=${encodeURIComponent(items[0]?.path ?? '')}`, {
          as: 'ann',
        })
        expect([file.statusCode, file.body]).toEqual([200, 'content'])
        expect(file.headers['content-disposition']).toBe(`attachment; filename="_x__[31m"; filename*=UTF-8''_x__%5B31m`)
        await lab.index()
        const found = await lab.server.request(`GET /api/v1/files?query=${encodeURIComponent('GPJ.exe')}`, { as: 'ann' })
        expect(found.json().items).toMatchObject([{ path: items[1]?.path, clientName: 'laptop' }])
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })

    it('pins, and then does not forget', async () => {
      const id = await lab.save({ a: '1' }, { clientId: laptop })
      const pinned = await lab.server.request(`PATCH /api/v1/snapshots/${id}`, { as: 'ann', body: { isPinned: true } })
      expect(pinned.json()).toMatchObject({ id, isPinned: true })
      expect(await ids('?isPinned=true')).toEqual([id])
      expect(await ids('?isPinned=false')).toEqual([])
      expect(await status(`DELETE /api/v1/snapshots/${id}`)).toBe(409)
      expect((await loadSnapshots(lab.repository)).length).toBe(1)
    })

    it('does not pin what is being forgotten, and forgets what somebody who died has begun to forget', async () => {
      const id = await lab.save({ a: '1' }, { clientId: laptop })
      await lab.server.database.queries.updateTable('snapshots').set({ is_leaving: 1 }).where('id', '=', id).execute()
      expect(await status(`PATCH /api/v1/snapshots/${id}`, 'ann', { isPinned: true })).toBe(409)
      expect(await ids('?isPinned=true')).toEqual([])
      expect(await status(`DELETE /api/v1/snapshots/${id}`)).toBe(204)
      expect(await loadSnapshots(lab.repository)).toEqual([])
    })

    it('changes tags here and in the repository, and keeps its number', async () => {
      const id = await lab.save({ a: '1' }, { clientId: laptop, tags: ['old'] })
      const { snapshotId: former } = await get<SnapshotView>(`/${id}`)
      const tagged = await lab.server.request(`PUT /api/v1/snapshots/${id}/tags`, { as: 'ann', body: { tags: ['new', 'new', 'x y'] } })
      expect(tagged.statusCode, tagged.body).toBe(200)
      const [stored] = await loadSnapshots(lab.repository)
      expect(stored).toMatchObject({ tags: ['new', 'x y'], original: former })
      expect(await get(`/${id}`)).toMatchObject({ id, snapshotId: stored?.id, tags: ['new', 'x y'] })
      expect(await status(`PUT /api/v1/snapshots/${id}/tags`, 'ann', { tags: ['a,b'] })).toBe(422)
    })

    it('says what is lost, forgets, and writes it down', async () => {
      const first = await lab.save({ a: '1', b: 'lost' }, { clientId: laptop })
      const second = await lab.save({ a: '1' }, { clientId: laptop })
      expect(await get(`/${first}/forget-plan`)).toMatchObject({ remainingCount: 1, isNewest: false, lostVersionCount: null })
      await lab.index()
      expect(await get(`/${first}/forget-plan`)).toMatchObject({ lostVersionCount: 1, lostVersionBytes: 4 })
      expect(await get(`/${second}/forget-plan`)).toMatchObject({ isNewest: true, lostVersionCount: 0 })
      lab.isAppendOnly = true
      expect(await status(`DELETE /api/v1/snapshots/${first}`)).toBe(409)
      expect((await loadSnapshots(lab.repository)).length).toBe(2)
      lab.isAppendOnly = false
      expect(await status(`DELETE /api/v1/snapshots/${first}`)).toBe(204)
      expect((await loadSnapshots(lab.repository)).length).toBe(1)
      expect(await ids('')).toEqual([second])
      const entries = await lab.server.database.queries
        .selectFrom('audit_entries')
        .selectAll()
        .where('action', '=', 'snapshot.forgotten')
        .execute()
      expect(entries).toMatchObject([{ subject: `snapshot ${first}`, actor: 'user ann' }])
    })

    it.each(['zip', 'tar'])('reads no more than the reader of a %s takes, and stops when he goes away', async (format) => {
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-large-'))
      const cancel = new AbortController()
      try {
        execFileSync('dd', ['if=/dev/urandom', `of=${folder}/large`, 'bs=1M', 'count=192', 'status=none'])
        const id = await lab.backUp(Buffer.from(folder), { clientId: laptop })
        const { content } = await findLarge(id, folder)
        const address = await lab.server.app.listen({ port: 0, host: '127.0.0.1' })
        const { token } = await lab.server.services.accounts.login(LOGIN, { address: '', userAgent: '' })
        const url = `${address}/api/v1/snapshots/${id}/archive?path=${folder}&format=${format}`
        const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal: cancel.signal })
        await answer.body?.getReader().read()
        await sleep(500)
        const readAtRest = lab.blobReads
        expect(readAtRest).toBeLessThan(content * 0.6)
        cancel.abort()
        await sleep(300)
        expect(lab.blobReads - readAtRest).toBeLessThan(20)
      } finally {
        cancel.abort()
        rmSync(folder, { recursive: true, force: true })
      }
    })

    it('reads nothing of a file or an archive whose size alone is asked for', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-large-'))
      try {
        execFileSync('dd', ['if=/dev/urandom', `of=${folder}/large`, 'bs=1M', 'count=16', 'status=none'])
        const id = await lab.backUp(Buffer.from(folder), { clientId: laptop })
        await findLarge(id, folder)
        const address = await lab.server.app.listen({ port: 0, host: '127.0.0.1' })
        const { token } = await lab.server.services.accounts.login(LOGIN, { address: '', userAgent: '' })
        const readBefore = lab.blobReads
        for (const place of [`file?path=${folder}/large`, `archive?path=${folder}&format=zip`, `archive?path=${folder}&format=tar`]) {
          const url = `${address}/api/v1/snapshots/${id}/${place}`
          const answer = await fetch(url, { method: 'HEAD', headers: { authorization: `Bearer ${token}` } })
          expect([place, answer.status]).toEqual([place, 200])
          if (place.startsWith('file')) expect(answer.headers.get('content-length')).toBe(String(16 * 1024 * 1024))
        }
        await sleep(300)
        expect(lab.blobReads).toBe(readBefore)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })

    async function findLarge(id: number, folder: string): Promise<{ readonly content: number }> {
      const { blobCount } = await get<EntryDetails>(`/${id}/entry?path=${folder}/large`)
      return { content: blobCount ?? 0 }
    }
  })
}
