import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backupManaged, backupStreamManaged, HttpUploadLink, type ManagedBackupOptions } from '@holdfast/agent/runner'
import { type BackupProgress, type BackupResult, byteStringOf, systemClock } from '@holdfast/engine'
import { resticBinaries, sortedManifest } from '@holdfast/engine/testing'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allDatabases } from '../../testing/test-server.ts'
import { UPLOAD_PASSWORD, UploadServer } from '../../testing/upload-server.ts'

for (const databases of allDatabases()) {
  describe(`managed backups on ${databases.name}`, () => {
    let server: UploadServer
    let folder: string
    beforeEach(async () => {
      server = await UploadServer.start({ databaseUrl: await databases.create() })
      folder = mkdtempSync(join(tmpdir(), 'holdfast-managed-'))
    })
    afterEach(async () => {
      await server[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    })
    afterAll(() => databases.stop())

    it('store what the stock restic checks and restores', async () => {
      const data = join(folder, 'data')
      mkdirSync(data)
      makeFiles(data, { files: 200, bytes: 3000 })
      writeFileSync(join(data, 'emoji 🗄️ "quoted" \u2028'), '')
      symlinkSync('emoji', join(data, 'link'))
      writeFileSync(join(data, 'large'), randomBytes(40 * 1024 * 1024))
      writeFileSync(join(data, 'compressible'), 'line of text\n'.repeat(1_000_000))
      const result = await backupAs(1, data)
      expect(result.snapshotId).toBeDefined()
      expect(result.summary.data_added).toBeGreaterThan(40 * 1024 * 1024)
      await server.hosts.close({ graceMs: 0 })
      for (const { path } of resticBinaries()) {
        restic(path, ['check', '--read-data'])
        const target = join(folder, `restored-${path.replaceAll('/', '-')}`)
        restic(path, ['restore', `${result.snapshotId}`, '--target', target])
        expect(sortedManifest(join(target, data))).toEqual(sortedManifest(data))
      }
      const [snapshot] = JSON.parse(restic('restic', ['snapshots', '--json'])) as { hostname: string; username: string }[]
      expect(snapshot).toMatchObject({ hostname: 'client-1', username: 'user-1' })
    })

    it('send next to nothing the second time, and little for another client with the same data', async () => {
      makeFiles(folder, { files: 400, bytes: 20_000 })
      const first = await sentBy(() => backupAs(1, folder))
      expect(first.result.summary.files_new).toBe(400)
      expect(first.sentBytes).toBeGreaterThan(8_000_000)
      const unchanged = await sentBy(() => backupAs(1, folder))
      expect(unchanged.result.summary).toMatchObject({ files_unmodified: 400, data_blobs: 0 })
      // Those of the folders above, in which others make and remove things meanwhile.
      expect(unchanged.result.summary.tree_blobs).toBeLessThanOrEqual(2)
      expect(unchanged.sentBytes).toBeLessThan(4_000)
      const other = await sentBy(() => backupAs(2, folder))
      expect(other.result.summary).toMatchObject({ files_new: 400, data_blobs: 0 })
      expect(other.sentBytes / first.sentBytes).toBeLessThan(0.02)
      writeFileSync(join(folder, 'folder-0', 'file-0'), 'changed')
      const changed = await sentBy(() => backupAs(1, folder))
      expect(changed.result.summary).toMatchObject({ files_unmodified: 399, files_changed: 1, data_blobs: 1 })
      await server.hosts.close({ graceMs: 0 })
      restic('restic', ['check', '--read-data'])
    })

    it('send again what a prune has taken, whoever pruned', async () => {
      makeFiles(folder, { files: 60, bytes: 30_000 })
      const first = await backupAs(1, folder)
      const pause = await server.hosts.of(1).pause({ graceMs: 0 })
      restic('restic', ['forget', '--prune', `${first.snapshotId}`])
      await pause[Symbol.asyncDispose]()
      const again = await backupAs(1, folder)
      expect(again.summary).toMatchObject({ files_new: 60, data_blobs: 60 })
      await server.hosts.close({ graceMs: 0 })
      restic('restic', ['check', '--read-data'])
    })

    it('survive broken connections and send nothing twice', async () => {
      makeFiles(folder, { files: 40, bytes: 1_000_000 })
      let cuts = 0
      const { result, sentBytes } = await sentBy(async () => {
        const cutting = systemClock.every(60, () => {
          if (server.receivedBytes > (cuts + 1) * 4_000_000 && cuts < 6) {
            cuts++
            server.cutConnections()
          }
        })
        try {
          return await backupAs(1, folder)
        } finally {
          cutting()
        }
      })
      expect(cuts).toBeGreaterThan(2)
      expect(result.summary.files_new).toBe(40)
      // Of what was on its way when a connection broke off, the frame that had not come whole comes again.
      expect(sentBytes).toBeLessThan(40_000_000 + cuts * 4 * 1_200_000)
      await server.hosts.close({ graceMs: 0 })
      restic('restic', ['check', '--read-data'])
    }, 60_000)

    it('begin anew when the server has lost the upload', async () => {
      makeFiles(folder, { files: 30, bytes: 1_000_000 })
      let isLost = false
      const losing = systemClock.every(20, () => {
        if (isLost || server.receivedBytes < 8_000_000) return
        isLost = true
        void server.hosts
          .of(1)
          .pause({ graceMs: 0 })
          .then((pause) => pause[Symbol.asyncDispose]())
      })
      const tries = [0]
      const progress: BackupProgress = { advance: ({ files }) => tries.push((tries.pop() ?? 0) + files) }
      const beginAnew = (): BackupProgress => {
        tries.push(0)
        return progress
      }
      const result = await backupAs(1, folder, { progress, beginAnew })
      losing()
      expect(isLost).toBe(true)
      expect(tries).toEqual([expect.any(Number), 30])
      expect(result.snapshotId).toBeDefined()
      await server.hosts.close({ graceMs: 0 })
      restic('restic', ['check', '--read-data'])
      expect(readdirSync(join(server.repositoryFolder, 'snapshots'))).toHaveLength(1)
    }, 120_000)

    it('say by its own name what ails a repository that was moved away', async () => {
      renameSync(server.repositoryFolder, join(folder, 'elsewhere'))
      await expect(backupAs(1, folder)).rejects.toMatchObject({ code: 'repository.missing' })
    })

    it('take streams, and several clients at once', async () => {
      const content = randomBytes(5_000_000)
      makeFiles(folder, { files: 50, bytes: 100_000 })
      using link = linkOf(2)
      const stream = backupStreamManaged(
        link,
        { repositoryId: 1, runId: null },
        {
          filename: byteStringOf('/dump.sql'),
          absolutePath: '/dump.sql',
          content: async function* () {
            yield content
          },
        },
      )
      const results = await Promise.all([stream, backupAs(1, folder), backupAs(2, folder), backupAs(1, join(folder, 'folder-1'))])
      await server.hosts.close({ graceMs: 0 })
      restic('restic', ['check', '--read-data'])
      const dumped = execFileSync('restic', [...resticArguments(), 'dump', `${results[0].snapshotId}`, '/dump.sql'], {
        env: resticEnvironment(),
        maxBuffer: 1 << 26,
      })
      expect(dumped.equals(content)).toBe(true)
    }, 60_000)

    function linkOf(client: 1 | 2): HttpUploadLink {
      return new HttpUploadLink({ serverUrl: server.url, token: () => `token-${client}`, clock: systemClock })
    }

    async function backupAs(client: 1 | 2, path: string, options: Partial<ManagedBackupOptions> = {}): Promise<BackupResult> {
      using link = linkOf(client)
      const whole = { targets: [byteStringOf(path)], absolutePaths: [path], ...options }
      return await backupManaged(link, { repositoryId: 1, runId: null }, whole)
    }

    async function sentBy(action: () => Promise<BackupResult>): Promise<{ readonly result: BackupResult; readonly sentBytes: number }> {
      const before = server.receivedBytes
      const result = await action()
      return { result, sentBytes: server.receivedBytes - before }
    }

    function restic(path: string, args: readonly string[]): string {
      return execFileSync(path, [...resticArguments(), ...args], { encoding: 'utf8', env: resticEnvironment(), maxBuffer: 1 << 26 })
    }

    function resticArguments(): readonly string[] {
      return ['-r', server.repositoryFolder, '--no-cache']
    }
  })
}

function resticEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, RESTIC_PASSWORD: UPLOAD_PASSWORD }
}

function makeFiles(folder: string, { files, bytes }: { readonly files: number; readonly bytes: number }): void {
  for (let file = 0; file < files; file++) {
    const path = join(folder, `folder-${file % 10}`)
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, `file-${file}`), randomBytes(bytes))
  }
}
