import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MemoryStorage } from '../testing/memory-storage.ts'
import { type ResticBinary, resticBinaries } from '../testing/restic.ts'
import { type CephS3, startCephS3 } from '../testing/servers/ceph-s3.ts'
import { runProgram } from '../testing/servers/programs.ts'
import { type RestServer, startRestServer } from '../testing/servers/rest-server.ts'
import { type Sshd, startSshd } from '../testing/servers/sshd.ts'
import { type OpenStorageOptions, openStorage } from './open-storage.ts'
import { FILE_KINDS, type FileKind, type FileRef, type Storage } from './storage.ts'

/** A place where both programs can keep a repository. */
interface Place {
  readonly location: string
  readonly options?: OpenStorageOptions
  /** Arguments and environment that restic needs to get there. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

let state: string
let ceph: CephS3
let sshd: Sshd
const rest: RestServer[] = []
let places = 0

beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), 'holdfast-layout-'))
  mkdirSync(join(state, 'source'))
  for (let index = 0; index < 20; index++) writeFileSync(join(state, 'source', `file-${index}`), randomBytes(index * 40_000))
  ceph = await startCephS3()
  sshd = await startSshd()
  writeFileSync(join(state, 'known_hosts'), sshd.knownHosts)
})
afterAll(async () => {
  for (const server of rest) await server.stop()
  await ceph?.stop()
  await sshd?.stop()
  rmSync(state, { recursive: true, force: true })
})

const KINDS: Readonly<Record<string, () => Promise<Place>>> = {
  local: async () => ({ location: join(state, `repository-${places++}`) }),
  rest: async () => {
    const server = await startRestServer(new MemoryStorage(), { credentials: { username: 'me', password: 'secret' } })
    rest.push(server)
    return { location: `rest:${server.url.replace('//', '//me:secret@')}/repository/` }
  },
  s3: async () => ({
    location: `s3:${ceph.endpoint}/bucket-${places++}/some/prefix`,
    options: { s3: { credentials: ceph } },
    env: { AWS_ACCESS_KEY_ID: ceph.accessKeyId, AWS_SECRET_ACCESS_KEY: ceph.secretAccessKey },
  }),
  sftp: async () => {
    const flags = `-i ${sshd.privateKeyFile} -p ${sshd.port} -o UserKnownHostsFile=${state}/known_hosts`
    const command = `ssh ${flags} ${sshd.user}@${sshd.host} -s sftp`
    return {
      location: `sftp://${sshd.user}@${sshd.host}:${sshd.port}/${join(sshd.folder, `repository-${places++}`)}`,
      options: { sftp: { knownHosts: sshd.knownHosts, privateKeys: [sshd.privateKey] } },
      args: ['-o', `sftp.command=${command}`],
    }
  },
}

async function restic(binary: ResticBinary, place: Place, ...args: readonly string[]): Promise<string> {
  const env = { RESTIC_PASSWORD: 'password', RESTIC_REPOSITORY: place.location, ...place.env }
  return runProgram(binary.path, ['--no-cache', ...(place.args ?? []), ...args], { env, folder: state })
}

async function filesOf(storage: Storage): Promise<readonly FileRef[]> {
  const lists = await Promise.all(FILE_KINDS.map((kind: FileKind) => Array.fromAsync(storage.list(kind), ({ name }) => ({ kind, name }))))
  return lists.flat()
}

describe.each(resticBinaries())('restic $version ($name)', (binary) => {
  describe.each(Object.entries(KINDS))('and our storage agree on %s:', (_, makePlace) => {
    it('ours finds and reads everything that restic wrote', async () => {
      const place = await makePlace()
      await restic(binary, place, 'init')
      await restic(binary, place, 'backup', 'source')
      const storage = await openStorage(place.location, place.options)
      const files = await filesOf(storage)
      const counts = Object.fromEntries(FILE_KINDS.map((kind) => [kind, files.filter((file) => file.kind === kind).length]))
      expect(counts).toMatchObject({ config: 1, keys: 1, snapshots: 1, index: 1, locks: 0 })
      expect(counts.data).toBeGreaterThan(1)
      const packs = (await restic(binary, place, '--no-lock', 'list', 'packs')).trim().split('\n')
      expect(new Set(files.filter((file) => file.kind === 'data').map((file) => file.name))).toEqual(new Set(packs))
      for (const file of files.filter(({ kind }) => kind !== 'config')) {
        const content = await storage.read(file, 'all')
        expect(createHash('sha256').update(content).digest('hex')).toBe(file.name)
        expect((await storage.stat(file)).sizeBytes).toBe(content.length)
      }
      await storage.close()
    })

    it('restic finds and reads everything that ours wrote', async () => {
      const origin = { location: join(state, `origin-${places++}`) }
      await restic(binary, origin, 'init')
      await restic(binary, origin, 'backup', 'source')
      const place = await makePlace()
      const [from, to] = [await openStorage(origin.location), await openStorage(place.location, place.options)]
      await to.prepare()
      for (const file of await filesOf(from)) await to.write(file, await from.read(file, 'all'))
      expect(await restic(binary, place, 'check', '--read-data')).toContain('no errors were found')
      const lines = (await restic(binary, place, 'ls', 'latest')).split('\n').filter((line) => line.includes('/file-'))
      expect(lines.length).toBe(20)
      // What restic removes is gone for ours too.
      const [snapshot] = await Array.fromAsync(to.list('snapshots'))
      await restic(binary, place, 'forget', snapshot?.name ?? '', '--prune')
      expect((await filesOf(to)).filter(({ kind }) => kind === 'data' || kind === 'snapshots' || kind === 'locks')).toEqual([])
      await Promise.all([from.close(), to.close()])
    })
  })
})
