import type { FileSearchPage } from '@holdfast/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fillIndex } from '../../testing/large-index.ts'
import { quickest } from '../../testing/quickest.ts'
import { allDatabases, TestServer } from '../../testing/test-server.ts'

/** Far above what `bench/server/search.ts` measures, and far below what looking at all names one by one would take. */
const PAGE_MS_MAX = 2000

for (const databases of allDatabases()) {
  describe(`a million versions of files on ${databases.name}`, () => {
    let server: TestServer
    beforeAll(async () => {
      server = await TestServer.start({ databaseUrl: await databases.create() })
      const ownerId = await server.addUser('root', 'admin')
      const firstOwnerId = await server.addUser('ann', 'operator')
      const versions = await fillIndex(server.database, {
        clients: 20,
        ownerId,
        firstOwnerId,
        names: 10_000,
        commonFolders: 2500,
        versionsPerFile: 4,
      })
      expect(versions).toBe(1_000_000)
    }, 120_000)
    afterAll(async () => {
      await server[Symbol.asyncDispose]()
      await databases.stop()
    })

    const get = async <Body>(url: string, as: string): Promise<Body> => {
      const { result: answer, ms } = await quickest(PAGE_MS_MAX, () => server.request(`GET /api/v1/files${url}`, { as }))
      expect(answer.statusCode, answer.body).toBe(200)
      expect(ms, url).toBeLessThan(PAGE_MS_MAX)
      return answer.json() as Body
    }
    const all = async (query: string, as: string): Promise<number> => {
      const found = new Set<string>()
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page: FileSearchPage = await get(`?query=${query}&limit=1000${cursor && `&cursor=${cursor}`}`, as)
        for (const { clientId, path } of page.items) found.add(`${clientId} ${path}`)
        cursor = page.next
      }
      return found.size
    }

    it.each([
      ['needle', 1, 1],
      ['zebra', 2000, 100],
      ['nothing-like-it', 0, 0],
      ['-777.', 1, 1],
      ['*.pdf', 50_000, 2500],
      ['index.js', 50_000, 2500],
      ['zq', 0, 0],
    ])('are searched for %s, whole', async (query, ofAll, ofOne) => {
      expect(await all(query, 'ann')).toBe(ofOne)
      if (ofAll < 5000) expect(await all(query, 'root')).toBe(ofAll)
      else expect((await get<FileSearchPage>(`?query=${query}&limit=1000`, 'root')).items.length).toBe(1000)
    })

    it('know how many versions a file has', async () => {
      const page = await get<FileSearchPage>('?query=needle', 'ann')
      expect(page.items).toMatchObject([{ versionCount: 4, clientId: 1 }])
    })
  })
}
