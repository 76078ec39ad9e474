import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openStorage } from '@holdfast/engine'
import {
  freePort,
  MemoryStorage,
  makeOddTree,
  type RestServer,
  sortedManifest,
  startCephS3,
  startRestServer,
  startSshd,
} from '@holdfast/engine/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { holdfast, type Outcome, playground, restic } from '../../packages/cli/test/programs.ts'
import { noise } from '../../packages/engine/test/restic-workbench.ts'

type Environment = Readonly<Record<string, string>>

/** A server with room for a repository, which can go away. */
interface Away {
  readonly env: Environment
  /** What restic needs besides. */
  readonly resticArgs?: readonly string[]
  readonly resticEnv?: Environment
  /** How many packs the server has. */
  countPacks(): Promise<number>
  /** Cuts off whoever is connected; resolves when nobody can connect any more. Undefined where a server comes back at once. */
  readonly down?: () => Promise<void>
  up(): Promise<void>
  stop(): Promise<void>
}

const FILES = 60
const FILE_BYTES = 500_000
/** So slow that there is a middle in which the server can go away. */
const SLOW = ['--limit-upload', '6000', '--limit-download', '6000', '--pack-size', '4']
const place = playground()
const source = place.path('source')

beforeAll(async () => {
  await makeOddTree(source)
  mkdirSync(join(source, 'many'))
  for (let file = 0; file < FILES; file++) writeFileSync(join(source, 'many', `${file}`), noise(FILE_BYTES, file + 1))
  mkdirSync(place.path('.ssh'), { mode: 0o700 })
})

afterAll(() => place.remove())

describe.each([
  ['S3', startS3],
  ['SFTP', startSftp],
  ['REST', startRest],
] as const)('%s', (name, start) => {
  let server: Away | undefined
  const env = (): Record<string, string> => ({ ...place.env, HOME: place.folder, ...there().env })
  const there = (): Away => {
    if (server === undefined) throw new Error('the server is not there')
    return server
  }

  beforeAll(async () => {
    server = await start()
    expect(await holdfast(['init'], { env: env() })).toMatchObject({ code: 0 })
  })
  afterAll(() => server?.stop())

  it('a backup goes on when the server comes back', async ({ annotate }) => {
    const backup = holdfast(['backup', source, ...SLOW], { env: env() })
    await packsReach(there(), 2)
    await goAwayAndComeBack(there())
    const outcome = await backup
    expect(outcome, outcome.errors).toMatchObject({ code: 0 })
    await annotate(`${name}: ${retriesIn(outcome)} calls were repeated`)
    await expectSound(there(), env())
  })

  it('a restore goes on when the server comes back', async ({ annotate }) => {
    const target = place.path(`restored from ${name}`)
    const restore = holdfast(['restore', 'latest', '--target', target, '--no-cache', ...SLOW], { env: env() })
    await filesReach(join(target, source, 'many'), 3)
    await goAwayAndComeBack(there())
    const outcome = await restore
    expect(outcome, outcome.errors).toMatchObject({ code: 0 })
    expect(sortedManifest(join(target, source))).toEqual(sortedManifest(source))
    await annotate(`${name}: ${retriesIn(outcome)} calls were repeated`)
  })

  // The SSH server only drops its connections and is back at once: there is no time in which it is away.
  if (name !== 'SFTP') {
    it('a backup that is interrupted while the server is away ends, and the repository is sound', async () => {
      const { down, up } = there()
      if (down === undefined) throw new Error('this server cannot stay away')
      writeFileSync(join(source, 'many', 'new'), noise(20_000_000, name.length * 100))
      const before = await there().countPacks()
      let startedAt = 0
      const outcome = await holdfast(['backup', source, ...SLOW], {
        env: env(),
        onStart: async (kill, said) => {
          await packsReach(there(), before + 1)
          await down()
          while (!said().includes('next try')) await pause(50)
          startedAt = performance.now()
          kill('SIGINT')
        },
      })
      const endedAt = performance.now()
      await up()
      expect(outcome.code).toBe(130)
      expect(endedAt - startedAt).toBeLessThan(60_000)
      expect(await holdfast(['unlock'], { env: env() })).toMatchObject({ code: 0 })
      await expectSound(there(), env())
      expect(await holdfast(['backup', source], { env: env() })).toMatchObject({ code: 0 })
    })
  }

  it('a wrong password is told from a server that is away', async () => {
    expect((await holdfast(['snapshots'], { env: { ...env(), RESTIC_PASSWORD: 'wrong' } })).code).toBe(12)
  })
})

async function startS3(): Promise<Away> {
  const ceph = await startCephS3()
  const location = `s3:${ceph.endpoint}/outages/prefix`
  const keys = { AWS_ACCESS_KEY_ID: ceph.accessKeyId, AWS_SECRET_ACCESS_KEY: ceph.secretAccessKey }
  const { accessKeyId, secretAccessKey } = ceph
  return {
    env: { RESTIC_REPOSITORY: location, ...keys },
    countPacks: async () => {
      const storage = await openStorage(location, { s3: { credentials: { accessKeyId, secretAccessKey } } })
      const packs = await Array.fromAsync(storage.list('data'))
      await storage.close()
      return packs.length
    },
    down: () => ceph.down(),
    up: () => ceph.up(),
    stop: () => ceph.stop(),
  }
}

async function startSftp(): Promise<Away> {
  const sshd = await startSshd()
  const folder = join(sshd.folder, 'repository')
  writeFileSync(place.path('.ssh', 'id_ed25519'), sshd.privateKey, { mode: 0o600 })
  writeFileSync(place.path('.ssh', 'known_hosts'), sshd.knownHosts)
  const options = `-i ${place.path('.ssh', 'id_ed25519')} -p ${sshd.port} -o UserKnownHostsFile=${place.path('.ssh', 'known_hosts')}`
  return {
    env: { RESTIC_REPOSITORY: `sftp://${sshd.user}@${sshd.host}:${sshd.port}/${folder}` },
    resticEnv: { RESTIC_REPOSITORY: `sftp:${sshd.user}@${sshd.host}:${folder}` },
    resticArgs: ['-o', `sftp.args=${options}`],
    countPacks: async () => namesIn(join(folder, 'data')).filter((file) => /[0-9a-f]{64}$/.test(file)).length,
    up: () => sshd.dropConnections(),
    stop: () => sshd.stop(),
  }
}

async function startRest(): Promise<Away> {
  const storage = new MemoryStorage()
  const port = await freePort()
  let server: RestServer = await startRestServer(storage, { port })
  return {
    env: { RESTIC_REPOSITORY: `rest:http://127.0.0.1:${port}/` },
    countPacks: async () => [...storage.files.values()].filter(({ file }) => file.kind === 'data').length,
    down: () => server.stop(),
    up: async () => {
      server = await startRestServer(storage, { port })
    },
    stop: () => server.stop(),
  }
}

async function goAwayAndComeBack(server: Away): Promise<void> {
  await server.down?.()
  await server.up()
}

async function packsReach(server: Away, count: number): Promise<void> {
  while ((await server.countPacks()) < count) await pause(50)
}

async function filesReach(folder: string, count: number): Promise<void> {
  while (namesIn(folder).length < count) await pause(20)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
  } catch {
    return []
  }
}

function retriesIn({ output, errors }: Outcome): number {
  return (output + errors).match(/next try in/g)?.length ?? 0
}

async function expectSound(server: Away, env: Environment): Promise<void> {
  const checked = await restic(['check', '--read-data', '--no-cache', ...(server.resticArgs ?? [])], {
    env: { ...env, ...server.resticEnv },
  })
  expect(checked, checked.errors).toMatchObject({ code: 0, output: expect.stringContaining('no errors were found') })
}
