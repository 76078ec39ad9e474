import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backupManaged, HttpUploadLink } from '@holdfast/agent/runner'
import { type BackupResult, byteStringOf, systemClock } from '@holdfast/engine'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allDatabases } from '../../testing/test-server.ts'
import { UPLOAD_PASSWORD, UploadServer } from '../../testing/upload-server.ts'
import { insertRun } from '../runs/store.ts'
import { RoomStore } from './room-store.ts'

const MEGABYTE = 1_000_000
const QUOTA = 5 * MEGABYTE
const OVER = {
  code: 'run.over-quota',
  message: expect.stringMatching(/more than the [\d.]+ \w+ that it may have, .* take up [\d.]+ \w+; .*larger quota$/),
}
/** Of packs and trees that are no content. */
const SLACK = 100_000
const DAY_MS = 86_400_000

for (const databases of allDatabases()) {
  describe(`the quota of a client on ${databases.name}`, () => {
    let server: UploadServer
    let folder: string
    let runId: number
    beforeEach(async () => {
      server = await UploadServer.start({ databaseUrl: await databases.create() })
      folder = mkdtempSync(join(tmpdir(), 'holdfast-quota-'))
      const run = { kind: 'backup', trigger: 'manual', client_id: 1, repository_id: 1, created_at: 0 } as const
      runId = (await insertRun(server.database.queries, run)).id
      await setQuota(QUOTA)
    })
    afterEach(async () => {
      await server[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    })
    afterAll(() => databases.stop())

    it('ends a backup that would go beyond it, with nothing beyond it stored and nothing half done', async () => {
      makeFiles('large', 12)
      await expect(backupOf('large')).rejects.toMatchObject(OVER)
      expect(await storedBytes()).toBeLessThan(QUOTA + SLACK)
      expect(readdirSync(join(server.repositoryFolder, 'snapshots'))).toEqual([])
      restic('check', '--read-data')
      expect(await addedBytes()).toEqual([])
    }, 60_000)

    it('lets through what fits after some that did not, and counts what that had brought with the one that uses it', async () => {
      makeFiles('large', 12)
      for (let count = 0; count < 3; count++) await expect(backupOf('large')).rejects.toMatchObject({ code: 'run.over-quota' })
      expect(await new RoomStore(server.database.queries).leftBytes({ clientId: 1, repositoryId: 1 }, Date.now())).toBeLessThan(2 * QUOTA)
      makeFiles('small', 3)
      expect((await backupOf('small')).snapshotId).toBeDefined()
      expect(await addedBytes()).toEqual([expect.closeTo(3 * MEGABYTE, -5)])
      await setQuota(30 * MEGABYTE)
      expect((await backupOf('large')).summary.files_new).toBe(12)
      expect((await addedBytes()).at(-1)).toBeGreaterThan(12 * MEGABYTE - SLACK)
      await server.hosts.close({ graceMs: 0 })
      restic('check', '--read-data')
    }, 120_000)

    it('is not passed by several backups at once', async () => {
      const names = ['one', 'two', 'three', 'four']
      for (const name of names) makeFiles(name, 3)
      const results = await Promise.allSettled(names.map((name) => backupOf(name)))
      expect(results.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1)
      expect(await storedBytes()).toBeLessThan(QUOTA + names.length * SLACK)
      restic('check', '--read-data')
    }, 60_000)

    it('counts what came, whatever the client says of it, and what no run of a client brings not at all', async () => {
      makeFiles('small', 3)
      await backupOf('small', { isLiar: true })
      expect(await addedBytes()).toEqual([expect.closeTo(3 * MEGABYTE, -5)])
      makeFiles('more', 3)
      await expect(backupOf('more')).rejects.toMatchObject(OVER)
      await setQuota(null)
      expect((await backupOf('more')).snapshotId).toBeDefined()
    }, 60_000)

    it('keeps what broken-off uploads leave within bounds, for a week', async () => {
      const rooms = new RoomStore(server.database.queries)
      const owner = { clientId: 1, repositoryId: 1 }
      const send = async (uploadId: string, bytes: number, now: number): Promise<number> => {
        const { grantedBytes } = await rooms.claim({ ...owner, uploadId, takenBytes: bytes, sentBytes: bytes }, now)
        if (grantedBytes >= bytes) await rooms.end({ uploadId, sentBytes: bytes }, now)
        return grantedBytes
      }
      expect(await send('a', QUOTA, 0)).toBe(QUOTA)
      expect(await send('b', QUOTA, 1)).toBe(QUOTA)
      expect(await rooms.claim({ ...owner, uploadId: 'c', takenBytes: 1, sentBytes: 1 }, 2)).toMatchObject({
        isLittered: true,
        grantedBytes: 0,
      })
      expect(await rooms.leftBytes(owner, 2)).toBe(2 * QUOTA)
      expect(await rooms.leftBytes(owner, 7 * DAY_MS + 1)).toBe(QUOTA)
      expect(await send('c', 1, 7 * DAY_MS + 1)).toBeGreaterThan(0)
      await rooms.leftBytes(owner, 8 * DAY_MS)
      // Of an upload whose process died nothing is heard any more.
      await rooms.claim({ ...owner, uploadId: 'd', takenBytes: QUOTA, sentBytes: QUOTA }, 8 * DAY_MS)
      expect((await rooms.claim({ ...owner, uploadId: 'e', takenBytes: 1, sentBytes: 0 }, 8 * DAY_MS + 60_000)).grantedBytes).toBe(0)
      expect(
        (await rooms.claim({ ...owner, uploadId: 'e', takenBytes: 1, sentBytes: 0 }, 8 * DAY_MS + 1_800_001)).grantedBytes,
      ).toBeGreaterThan(0)
    })

    async function setQuota(quotaBytes: number | null): Promise<void> {
      const settings = JSON.stringify({ quotaBytes })
      await server.database.queries.updateTable('clients').set({ settings }).where('id', '=', 1).execute()
    }

    function makeFiles(name: string, count: number): void {
      mkdirSync(join(folder, name))
      for (let file = 0; file < count; file++) writeFileSync(join(folder, name, `file-${file}`), randomBytes(MEGABYTE))
    }

    async function backupOf(name: string, { isLiar = false } = {}): Promise<BackupResult> {
      using http = new HttpUploadLink({ serverUrl: server.url, token: () => 'token-1', clock: systemClock })
      const path = join(folder, name)
      const link: Parameters<typeof backupManaged>[0] = {
        location: http.location,
        clock: systemClock,
        call: (call) =>
          http.call(isLiar && call.path.endsWith('/commit') ? { ...call, body: { ...call.body, summary: undefined } as never } : call),
      }
      return await backupManaged(link, { repositoryId: 1, runId }, { targets: [byteStringOf(path)], absolutePaths: [path] })
    }

    /** Of all packs, once everything has been written. */
    async function storedBytes(): Promise<number> {
      await server.hosts.close({ graceMs: 0 })
      const files = readdirSync(join(server.repositoryFolder, 'data'), { recursive: true, withFileTypes: true })
      return files.filter((file) => file.isFile()).reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0)
    }

    async function addedBytes(): Promise<readonly (number | null)[]> {
      const rows = await server.database.queries.selectFrom('snapshots').select('added_bytes').orderBy('id').execute()
      return rows.map(({ added_bytes }) => added_bytes)
    }

    function restic(...args: readonly string[]): void {
      const env = { ...process.env, RESTIC_PASSWORD: UPLOAD_PASSWORD }
      execFileSync('restic', ['-r', server.repositoryFolder, '--no-cache', ...args], { env, stdio: 'pipe' })
    }
  })
}
