import type { FolderSpec } from '@holdfast/engine/testing'
import type { FileSearchPage, FileVersions, FoundFile } from '@holdfast/protocol'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SnapshotLab } from '../../testing/snapshot-lab.ts'
import { allDatabases } from '../../testing/test-server.ts'

for (const databases of allDatabases()) {
  describe(`the index of files on ${databases.name}`, () => {
    let lab: SnapshotLab
    let laptop: number
    let desktop: number
    beforeEach(async () => {
      lab = await SnapshotLab.start(await databases.create())
      await lab.server.addUser('root', 'admin')
      laptop = await lab.addClient(await lab.server.addUser('ann', 'operator'), 'laptop')
      desktop = await lab.addClient(await lab.server.addUser('ben', 'operator'), 'desktop')
    })
    afterEach(() => lab[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    const search = async (query: string, { as = 'ann', more = '' } = {}): Promise<FileSearchPage> => {
      const answer = await lab.server.request(`GET /api/v1/files?query=${encodeURIComponent(query)}${more}`, { as })
      expect(answer.statusCode, answer.body).toBe(200)
      return answer.json() as FileSearchPage
    }
    const paths = async (query: string, as = 'ann'): Promise<string[]> =>
      (await search(query, { as })).items.map(({ path }: FoundFile) => path).sort()
    const versions = async (path: string, { as = 'ann', clientId = laptop } = {}): Promise<FileVersions['items']> => {
      const answer = await lab.server.request(`GET /api/v1/files/versions?clientId=${clientId}&path=${encodeURIComponent(path)}`, { as })
      return answer.statusCode === 404 ? [] : (answer.json() as FileVersions).items
    }
    const counts = async (): Promise<Record<string, number>> => {
      const { queries } = lab.server.database
      const tables = ['search_versions', 'search_names', 'search_folders', 'search_snapshots', 'search_series'] as const
      const rows = tables.map(async (table) => {
        const { count } = await queries
          .selectFrom(table)
          .select((select) => select.fn.countAll().as('count'))
          .executeTakeFirstOrThrow()
        return [table.slice('search_'.length), Number(count)] as const
      })
      return Object.fromEntries(await Promise.all(rows))
    }

    it('finds parts of names in all letters, by wildcards, and only what is the own', async () => {
      await lab.save({ docs: { 'Invoice 2026.PDF': '1', 'naïve_100%.txt': '2' }, 'invoice.txt': '3' }, { clientId: laptop })
      await lab.save({ 'invoice of ben.pdf': '1' }, { clientId: desktop })
      await lab.save({ 'invoice of nobody.pdf': '1' })
      expect((await search('invoice')).pendingSnapshots).toBe(1)
      await lab.index()
      expect((await search('invoice')).pendingSnapshots).toBe(0)
      expect(await paths('INVOICE')).toEqual(['/docs/Invoice 2026.PDF', '/invoice.txt'])
      expect(await paths('*.pdf')).toEqual(['/docs/Invoice 2026.PDF'])
      expect(await paths('invoice????*')).toEqual(['/docs/Invoice 2026.PDF', '/invoice.txt'])
      expect(await paths('i*e.txt')).toEqual(['/invoice.txt'])
      expect(await paths('NAÏVE_')).toEqual(['/docs/naïve_100%25.txt'])
      expect(await paths('0%.')).toEqual(['/docs/naïve_100%25.txt'])
      expect(await paths('_100!')).toEqual([])
      expect(await paths('"naïve" OR')).toEqual([])
      expect(await paths('oc')).toEqual(['/docs'])
      expect(await paths('invoice', 'ben')).toEqual(['/invoice of ben.pdf'])
      expect((await paths('invoice', 'root')).length).toBe(4)
      expect((await search('invoice', { as: 'root', more: `&clientId=${desktop}` })).items.map(({ clientName }) => clientName)).toEqual([
        'desktop',
      ])
      expect((await lab.server.request(`GET /api/v1/files?query=abc&clientId=${desktop}`, { as: 'ann' })).statusCode).toBe(404)
      expect((await lab.server.request('GET /api/v1/files?query=***', { as: 'ann' })).statusCode).toBe(422)
      expect((await lab.server.request('GET /api/v1/files?query=a*b*c*d*e*f*g*h*i*j*k*l', { as: 'ann' })).statusCode).toBe(422)
      expect(await versions('/invoice of ben.pdf', { clientId: desktop })).toEqual([])
    })

    it('gives all of many results, page by page', async () => {
      const folder: Record<string, FolderSpec> = {}
      for (let index = 0; index < 30; index++) folder[`f${index}`] = { same: '1', [`same ${index}`]: '2' }
      await lab.save(folder, { clientId: laptop })
      await lab.index()
      for (const query of ['same', 'sa']) {
        const found = new Set<string>()
        let pages = 0
        for (let cursor: string | null = ''; cursor !== null; pages++) {
          const page: FileSearchPage = await search(query, { more: `&limit=7${cursor && `&cursor=${cursor}`}` })
          for (const { path } of page.items) found.add(path)
          cursor = page.next
        }
        expect([found.size, pages >= 9]).toEqual([60, true])
      }
    })

    it('keeps what did not change once, and each version with its snapshots', async () => {
      const first = await lab.save({ d: { keep: '1', change: 'a' } }, { clientId: laptop })
      const second = await lab.save({ d: { keep: '1', change: 'bb' } }, { clientId: laptop })
      const third = await lab.save({ d: { keep: '1', change: 'bb', late: 'x' } }, { clientId: laptop })
      await lab.index()
      expect(await counts()).toEqual({ versions: 5, names: 4, folders: 2, snapshots: 3, series: 1 })
      expect(await versions('/d/keep')).toMatchObject([{ sizeBytes: 1, first: { id: first }, last: { id: third }, snapshotCount: 3 }])
      expect(await versions('/d/change')).toMatchObject([
        { sizeBytes: 2, first: { id: second }, last: { id: third }, snapshotCount: 2 },
        { sizeBytes: 1, first: { id: first }, last: { id: first }, snapshotCount: 1 },
      ])
      expect((await search('change')).items).toMatchObject([{ versionCount: 2, sizeBytes: 2, newestSnapshot: { id: third } }])
    })

    it('says the same as the snapshots, whatever comes and goes', async () => {
      const random = seeded(42)
      const model = new Map<number, Record<string, string>>()
      for (let round = 0; round < 30; round++) {
        if (model.size > 2 && random() < 0.4) {
          const [gone = 0] = [...model.keys()].sort(() => random() - 0.5)
          model.delete(gone)
          await lab.server.database.queries.deleteFrom('snapshots').where('id', '=', gone).execute()
        } else {
          const files: Record<string, string> = {}
          for (let file = 0; file < 6; file++) if (random() < 0.7) files[`f${file}`] = 'x'.repeat(1 + Math.floor(random() * 3))
          model.set(await lab.save({ d: files }, { clientId: laptop, ...(random() < 0.2 ? { hostname: 'beta' } : {}) }), files)
        }
        if (random() < 0.6) await lab.index()
      }
      await lab.index()
      for (let file = 0; file < 6; file++) {
        const expected = new Map<number, number>()
        for (const files of model.values()) {
          const size = files[`f${file}`]?.length
          if (size !== undefined) expected.set(size, (expected.get(size) ?? 0) + 1)
        }
        const found = (await versions(`/d/f${file}`)).map(({ sizeBytes, snapshotCount }) => [sizeBytes, snapshotCount] as const)
        expect(new Map(found), `f${file}`).toEqual(expected)
      }
      for (const id of model.keys()) await lab.server.database.queries.deleteFrom('snapshots').where('id', '=', id).execute()
      await lab.index()
      expect(await counts()).toEqual({ versions: 0, names: 0, folders: 0, snapshots: 0, series: 0 })
    })

    it('goes on where it was cut short, and shows nothing half', async () => {
      const folder: Record<string, string> = {}
      for (let index = 0; index < 3500; index++) folder[`file ${String(index).padStart(5, '0')}`] = ''
      await lab.save({ d: folder }, { clientId: laptop })
      const cancel = new AbortController()
      const { indexer } = lab.server.services
      const cut = indexer.catchUp(cancel.signal)
      while (((await counts()).versions ?? 0) < 1000) await new Promise((resolve) => setImmediate(resolve))
      cancel.abort()
      await expect(cut).rejects.toThrow()
      const half = (await counts()).versions ?? 0
      expect(half).toBeGreaterThan(0)
      expect(half).toBeLessThan(3501)
      expect((await search('file 0')).items).toEqual([])
      // What was written before the cut is not written again: a line that is taken away stays away.
      await lab.server.database.queries
        .deleteFrom('search_versions')
        .where('name_id', '=', (select) => select.selectFrom('search_names').select('id').where('name', '=', 'file 00003'))
        .execute()
      await lab.index()
      expect((await counts()).versions).toBe(3500)
      expect((await search('file 03499')).items.length).toBe(1)
    })

    it('passes over a snapshot that cannot be read, and takes in the next', async () => {
      const lost = await lab.save({ a: '1' }, { clientId: laptop })
      await lab.server.database.queries
        .updateTable('snapshots')
        .set({ tree_id: 'ab'.repeat(32) })
        .where('id', '=', lost)
        .execute()
      const sound = await lab.save({ abc: '1' }, { clientId: laptop })
      await lab.index()
      expect((await search('abc')).items).toMatchObject([{ newestSnapshot: { id: sound } }])
      expect((await search('abc')).pendingSnapshots).toBe(1)
    })

    it('follows a snapshot whose client changes', async () => {
      const id = await lab.save({ 'moved.txt': '1' }, { clientId: laptop })
      await lab.index()
      await lab.server.database.queries.updateTable('snapshots').set({ client_id: desktop }).where('id', '=', id).execute()
      await lab.index()
      expect([await paths('moved'), await paths('moved', 'ben')]).toEqual([[], ['/moved.txt']])
    })
  })
}

/** A small generator (mulberry32): the same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
