import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { secureRandom } from '@holdfast/engine'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BackupServiceLab } from '../../testing/backup-service-lab.ts'
import { allDatabases } from '../../testing/test-server.ts'
import { KeptVersionsStore } from './kept-versions/store.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Names that shells, Go, JSON and paths have their own ideas about. */
const HOSTILE_PATHS = [
  '/a"b/c\\d',
  '/back\\slash',
  "/quo'te/`tick`/$(x)",
  '/new\nline\ttab\u0001\u007f',
  '/[a-z]*?{x}',
  '/größe/日本語/e\u0301',
  '/../../etc/passwd',
  '/a//b/./c/',
  'relative/path',
  'C:\\Users\\ann\\x.txt',
  '\\\\server\\share\\y',
  '/\u202egnp.exe',
  `/${'long '.repeat(60)}`,
  // More than an index of PostgreSQL takes.
  `/${secureRandom(2000)
    .toString('hex')
    .replaceAll(/.{100}/g, '$&/')}`,
  `/${'deep/'.repeat(250)}file`,
  ' ',
  '.',
]

for (const databases of allDatabases()) {
  describe(`versions of uploaded files on ${databases.name}`, () => {
    let lab: BackupServiceLab
    beforeEach(async () => {
      lab = await BackupServiceLab.start(await databases.create())
    })
    afterEach(() => lab[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    const setRetention = (retention: object): Promise<unknown> =>
      lab.asAdmin(`PATCH /api/v1/clients/${lab.clientId}`, { settings: { retention } })
    const upload = async (path: string, content: string | Buffer, fields: Readonly<Record<string, string>> = {}): Promise<number> => {
      const { id } = (await lab.upload(path, content, fields)).json()
      await lab.gather()
      return id
    }
    /** What the register says is what the repository has. */
    const expectTidy = async (): Promise<void> => {
      const all = (await lab.asAdmin('GET /api/v1/snapshots?limit=1000')).json().items
      expect(all.map(({ snapshotId }: { snapshotId: string }) => snapshotId).toSorted()).toEqual(lab.snapshotFiles())
      expect(all.filter(({ clientId }: { clientId: number | null }) => clientId === null)).toEqual([])
    }

    it('outlive maintenance that forgets what retention does not keep: each snapshot is the only one that has its files', async () => {
      await setRetention({ versions: 1, days: 3 })
      for (let day = 0; day < 5; day++) {
        await upload(`/home/ann/day-${day}`, `day ${day}`)
        lab.clock.advance(DAY_MS)
      }
      await lab.maintain()
      expect(await lab.backups()).toHaveLength(5)
      expect(await lab.lost()).toEqual([])
    })

    it('can be had after old ones have gone and the repository was pruned', async () => {
      const text = secureRandom(200_000).toString('hex')
      await lab.upload('/a', text)
      const other = (await lab.upload('/b', 'other')).json().id
      await lab.gather()
      const [before] = await lab.snapshots()
      const second = await upload('/a', 'second', { retention_versions: '1' })
      await lab.applyRetention()
      expect((await lab.backups()).map(({ id }) => id)).toEqual([second, other])
      expect((await lab.snapshots()).map(({ fileCount }) => fileCount)).toEqual([1, 1])
      expect((await lab.snapshots())[1]).toMatchObject({ id: before?.id, fileCount: 1, sizeBytes: 5 })
      await lab.maintain()
      expect(await lab.lost()).toEqual([])
      await lab.restic('check', '--read-data')
      // The content is gone with its last reference.
      expect(JSON.parse(await lab.restic('stats', '--mode', 'raw-data', '--json')).total_size).toBeLessThan(10_000)
      await expectTidy()
    })

    it('are found in a snapshot whose tags were changed, and maintenance knows them there', async () => {
      await setRetention({ versions: 1 })
      for (const name of ['one', 'two']) await upload(`/${name}`, name)
      for (const { id } of await lab.snapshots()) {
        const tagged = await lab.asAdmin(`PUT /api/v1/snapshots/${id}/tags`, { tags: ['mine'] })
        expect(tagged.statusCode).toBe(200)
      }
      await lab.maintain()
      expect(await lab.backups()).toHaveLength(2)
      expect(await lab.lost()).toEqual([])
    })

    it('have names that mean something elsewhere', async () => {
      for (const round of [1, 2]) {
        for (const path of HOSTILE_PATHS)
          expect((await lab.upload(path, `${round} ${path}`, { retention_versions: '1' })).statusCode).toBe(200)
        await lab.gather()
      }
      expect(await lab.lost()).toEqual([])
      await lab.applyRetention()
      await lab.maintain()
      expect(await lab.backups()).toHaveLength(HOSTILE_PATHS.length)
      expect(await lab.lost()).toEqual([])
      await lab.restic('check', '--read-data')
      const listed = await Promise.all(lab.snapshotFiles().map((id) => lab.restic('ls', '--json', id)))
      for (const name of ['back\\\\slash', '日本語', 'passwd', 'x.txt']) expect(listed.join('')).toContain(name)
    })

    it('are not taken where folders have no end', async () => {
      const answer = await lab.upload('/x'.repeat(2000), 'x')
      expect([answer.statusCode, answer.json()]).toEqual([422, { detail: 'path has too many folders' }])
      expect(lab.spooled()).toEqual([])
    })

    it('are in few snapshots after weeks of many small uploads', async () => {
      await setRetention({ versions: 5, days: 20 })
      for (let day = 0; day < 24; day++) {
        for (const hour of [0, 12]) {
          await lab.upload(`/work/file-${(day * 2 + hour / 12) % 20}`, `day ${day} hour ${hour}`)
          await upload(`/new/day-${day}/at-${hour}`, `of day ${day} at ${hour}`)
          if (hour === 12) await lab.upload('/log', 'line\n'.repeat(day))
          lab.clock.advance(12 * HOUR_MS)
        }
        if (day % 4 === 0) await lab.applyRetention()
      }
      await lab.gather()
      for (let round = 0; round < 3; round++) await lab.applyRetention()
      expect(await lab.backups('/log')).toHaveLength(5)
      expect((await lab.snapshots()).length).toBeLessThan(20)
      await lab.maintain()
      expect(await lab.lost()).toEqual([])
      await lab.restic('check', '--read-data')
      await expectTidy()
    }, 240_000)

    it('are noted whole or not at all', async () => {
      await lab.upload('/a', 'first')
      const recover = await lab.refuseChanges('clients')
      expect((await lab.upload('/a', 'second')).statusCode).toBe(500)
      await recover()
      expect(await lab.backups()).toHaveLength(1)
      expect(await lab.lost()).toEqual([])
      expect(lab.spooled()).toHaveLength(1)
    })

    it('survive an end between the new snapshot and the note of it', async () => {
      await upload('/b', 'other')
      for (const version of [1, 2, 3]) {
        await lab.upload(`/b${version}`, `beside ${version}`)
        await upload('/a', `version ${version}`, { retention_versions: '1' })
      }
      const files = lab.snapshotFiles()
      const recover = await lab.refuseChanges('snapshots')
      await lab.applyRetention()
      await recover()
      expect(lab.snapshotFiles().length).toBeGreaterThan(files.length)
      // What nobody knows comes into the register as nobody's.
      await lab.maintain()
      expect(await lab.lost()).toEqual([])
      await lab.applyRetention()
      lab.clock.advance(HOUR_MS)
      await lab.applyRetention()
      expect(await lab.backups('/a')).toHaveLength(1)
      expect(await lab.backups()).toHaveLength(5)
      await lab.maintain()
      expect(await lab.lost()).toEqual([])
      await expectTidy()
    })

    it('survive an end between the note and the removal of what it replaces', async () => {
      await lab.upload('/b', 'other')
      await upload('/a', 'first')
      await upload('/a', 'second', { retention_versions: '1' })
      const aside = mkdtempSync(join(lab.server.folder, 'aside-'))
      cpSync(join(lab.location, 'snapshots'), aside, { recursive: true })
      const before = await lab.snapshots()
      await lab.applyRetention()
      const after = new Set(lab.snapshotFiles())
      const gone = before.filter(({ snapshotId }) => !after.has(snapshotId))
      expect(gone).toHaveLength(1)
      // As it was when the process ended.
      cpSync(aside, join(lab.location, 'snapshots'), { recursive: true })
      rmSync(aside, { recursive: true })
      for (const { snapshotId } of gone) {
        await lab.server.database.queries
          .insertInto('service_leftovers')
          .values({ repository_id: 1, snapshot_id: snapshotId, noted_at: lab.clock.now(), is_going: 1 })
          .execute()
      }
      await lab.maintain()
      await lab.applyRetention()
      await lab.maintain()
      expect(await lab.lost()).toEqual([])
      expect(await lab.backups()).toHaveLength(2)
      await expectTidy()
    })

    it('survive an end between a snapshot and the note that they are in it', async () => {
      await lab.upload('/a', 'first')
      const recover = await lab.refuseChanges('service_files')
      await lab.gather()
      await recover()
      expect(lab.snapshotFiles()).toHaveLength(1)
      expect(await lab.lost()).toEqual([])
      await lab.gather()
      expect(lab.spooled()).toEqual([])
      lab.clock.advance(HOUR_MS)
      await lab.applyRetention()
      expect(lab.snapshotFiles()).toHaveLength(1)
      expect(await lab.lost()).toEqual([])
      await expectTidy()
    })

    it('come and go at the same time', async () => {
      await upload('/kept', 'kept')
      for (let version = 0; version < 12; version++) await upload('/a', `version ${version}`, { retention_versions: '3' })
      const [kept] = await lab.backups('/kept')
      let isDone = false
      const applied = Promise.all([lab.applyRetention(), lab.applyRetention()]).finally(() => {
        isDone = true
      })
      const failures: string[] = []
      const uploading = (async () => {
        for (let version = 12; !isDone; version++) {
          await lab.upload('/b', `version ${version}`)
          await lab.gather()
          const download = lab.download(kept?.id ?? 0)
          await download.catch((error: unknown) => failures.push(String(error)))
          for (const { id } of await lab.backups('/a').then((all) => all.slice(0, 3)))
            await lab.download(id).catch((error: unknown) => failures.push(String(error)))
        }
      })()
      await applied
      await uploading
      expect(failures).toEqual([])
      await lab.gather()
      await lab.applyRetention()
      expect(await lab.backups('/a')).toHaveLength(3)
      await lab.maintain()
      expect(await lab.lost()).toEqual([])
      expect(lab.spooled()).toEqual([])
    })

    it('are read to the end by whoever has begun before their snapshot changed', async () => {
      const large = secureRandom(24_000_000)
      await lab.upload('/old', 'old')
      const id = await upload('/large', large)
      await upload('/old', 'new', { retention_versions: '1' })
      const { backupService, clients } = lab.server.services
      const { content } = await backupService.content(await clients.byId(lab.clientId), id)
      const pieces: Buffer[] = []
      for await (const piece of content) {
        if (pieces.length === 0) await lab.applyRetention()
        pieces.push(piece)
      }
      expect(await lab.backups('/old')).toHaveLength(1)
      expect(Buffer.concat(pieces).equals(large)).toBe(true)
    })

    it('wait for uploads of agents, but not for ever', async () => {
      for (const version of [1, 2]) await upload('/a', `version ${version}`, { retention_versions: '1' })
      const client = { clientId: lab.clientId, clientName: 'desk', username: 'admin', repositoryId: 1, planId: null, runId: null }
      const { uploads } = lab.server.services
      const { uploadId } = await uploads.open(client, { paths: ['/home'] })
      await lab.applyRetention()
      expect([uploads.has(uploadId), (await lab.backups()).length]).toEqual([true, 2])
      for (let minute = 0; minute < 7 * 60; minute += 10) {
        lab.clock.advance(10 * 60_000)
        await uploads.call({ uploadId, clientId: lab.clientId }, async () => undefined)
      }
      await lab.applyRetention()
      expect(await lab.backups()).toHaveLength(1)
      expect(await lab.lost()).toEqual([])
    })

    it('do not go with a snapshot that was thought to be empty', async () => {
      await upload('/a', 'first')
      const store = new KeptVersionsStore(lab.server.database.queries)
      const { snapshots } = await store.ofClient(lab.clientId, 1)
      await expect(store.settle(snapshots, { dropped: [], now: lab.clock.now() })).rejects.toThrow('changed meanwhile')
      expect(await lab.backups()).toHaveLength(1)
      expect(await lab.lost()).toEqual([])
    })

    it('stay in a pinned snapshot, and go when it is unpinned', async () => {
      const first = await upload('/a', 'first')
      const [snapshot] = await lab.snapshots()
      await lab.asAdmin(`PATCH /api/v1/snapshots/${snapshot?.id}`, { isPinned: true })
      await upload('/a', 'second', { retention_versions: '1' })
      await lab.applyRetention()
      expect((await lab.download(first)).toString()).toBe('first')
      await lab.asAdmin(`PATCH /api/v1/snapshots/${snapshot?.id}`, { isPinned: false })
      await lab.applyRetention()
      expect((await lab.backups()).map(({ id }) => id)).not.toContain(first)
      expect(await lab.snapshots()).toHaveLength(1)
      await expectTidy()
    })

    it('go with a snapshot that somebody forgets, and older ones stay in their place', async () => {
      const first = await upload('/a', 'first')
      await upload('/a', 'second', { retention_versions: '1' })
      const [newest] = await lab.snapshots()
      expect((await lab.asAdmin(`DELETE /api/v1/snapshots/${newest?.id}`)).statusCode).toBeLessThan(300)
      await lab.applyRetention()
      expect((await lab.backups()).map(({ id }) => id)).toEqual([first])
      expect(await lab.lost()).toEqual([])
    })

    it('are looked after by one of several servers', async () => {
      const other = lab.anotherProcess()
      for (let version = 0; version < 10; version++) await upload('/a', `version ${version}`, { retention_versions: '2' })
      await Promise.all([lab.applyRetention(), other.serviceRetention.apply(), other.gatherer.gather({ all: true })])
      // A round that finds the repository in the other's hands leaves the work to the next.
      for (let round = 0; round < 5 && (await lab.backups()).length > 2; round++) await other.serviceRetention.apply()
      expect(await lab.backups()).toHaveLength(2)
      await lab.maintain()
      expect(await lab.lost()).toEqual([])
      await expectTidy()
      await other.repositories.close()
    })

    it('count against the quota of their client until they go', async () => {
      const allow = (quotaBytes: number): Promise<unknown> =>
        lab.asAdmin(`PATCH /api/v1/clients/${lab.clientId}`, { settings: { quotaBytes, retention: { versions: 1 } } })
      const attempt = async (path: string, bytes: number): Promise<number> => (await lab.upload(path, secureRandom(bytes))).statusCode
      await allow(50_000)
      await upload('/a', secureRandom(40_000))
      const refused = await lab.upload('/b', secureRandom(2_000_000))
      expect([refused.statusCode, refused.json()]).toEqual([413, { detail: expect.stringContaining('that its client may bring') }])
      expect(lab.spooled()).toHaveLength(0)
      expect(await attempt('/b', 5_000)).toBe(200)
      expect(await attempt('/c', 6_000)).toBe(413)
      await lab.gather()
      expect(await attempt('/c', 6_000)).toBe(413)
      await allow(80_000)
      await upload('/b', 'short now')
      await allow(50_000)
      await lab.applyRetention()
      expect(await attempt('/c', 6_000)).toBe(200)
      expect(await lab.lost()).toEqual([])
    })

    it('count against the quota of their client when they come at once', async () => {
      await lab.asAdmin(`PATCH /api/v1/clients/${lab.clientId}`, { settings: { quotaBytes: 50_000 } })
      const answers = await Promise.all(['/a', '/b', '/c', '/d'].map((path) => lab.upload(path, secureRandom(40_000))))
      expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 413, 413, 413])
      expect(lab.spooled()).toHaveLength(1)
    })

    it('are to be had again once a server starts that knows where former versions have left them', async () => {
      for (const path of ['/a', '/b']) await lab.upload(path, `of ${path}`)
      await lab.gather()
      await upload('/a', 'second', { retention_versions: '1' })
      await lab.applyRetention()
      const [, rewritten] = await lab.snapshots()
      const { queries } = lab.server.database
      const rows = queries.updateTable('snapshots').where('id', '=', rewritten?.id ?? 0)
      // A prune has taken the tree that the register names.
      await rows.set({ tree_id: 'f'.repeat(64), file_count: 2, size_bytes: 99 }).execute()
      expect((await lab.lost()).map(({ original_path }) => original_path)).toEqual(['/b'])
      const migration = queries.updateTable('schema_migrations').where('name', '=', '0011-kept-versions')
      await migration.set({ applied_at: lab.clock.now() + 1 }).execute()
      const other = lab.anotherProcess()
      other.serviceRetention.start()
      await expect.poll(() => lab.lost(), { timeout: 20_000 }).toEqual([])
      expect((await lab.snapshots())[1]).toMatchObject({ id: rewritten?.id, fileCount: 1, sizeBytes: 5 })
      await other.serviceRetention.stop()
      await lab.maintain()
      expect(await lab.lost()).toEqual([])
      await expectTidy()
      await other.repositories.close()
    })

    it('leave nothing on the disk of a client that is gone', async () => {
      await lab.upload('/a', 'first')
      await lab.asAdmin(`DELETE /api/v1/clients/${lab.clientId}`)
      expect(lab.spooled()).toHaveLength(1)
      lab.clock.advance(Date.now() - lab.clock.now() + 2 * DAY_MS)
      await lab.gather()
      expect(lab.spooled()).toHaveLength(0)
    })
  })
}
