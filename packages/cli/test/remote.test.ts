import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CephS3, MemoryStorage, type Sshd, startCephS3, startRestServer, startSshd } from '@holdfast/engine/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { holdfast, messages, playground, restic } from './programs.ts'

const place = playground()

beforeAll(() => {
  mkdirSync(place.path('data'))
  for (const name of ['a', 'b', 'c']) writeFileSync(place.path('data', name), name.repeat(300_000))
})
afterAll(() => place.remove())

/** Backs up and restores with holdfast, and has restic check the repository. */
async function goThereAndBack(where: {
  readonly env: Readonly<Record<string, string>>
  readonly resticEnv?: Readonly<Record<string, string>>
}): Promise<void> {
  const env = { ...place.env, HOME: place.folder, ...where.env }
  const target = place.path(`restored-${Math.abs(JSON.stringify(env).length)}`)
  for (const args of [
    ['init'],
    ['backup', place.path('data')],
    ['check', '--read-data'],
    ['restore', `latest:${place.path('data')}`, '-t', target],
  ]) {
    const outcome = await holdfast(args, { env })
    expect([outcome.errors, outcome.code]).toEqual(['', 0])
  }
  expect(readFileSync(join(target, 'b'), 'utf8')).toBe('b'.repeat(300_000))
  const checked = await restic(['check', '--read-data'], { env: { ...env, ...where.resticEnv } })
  expect([checked.code, checked.errors.replace(/^using temporary cache.*\n/, '')]).toEqual([0, ''])
}

describe('S3', () => {
  let ceph: CephS3 | undefined
  const env = (bucket: string): Record<string, string> => ({
    RESTIC_REPOSITORY: `s3:${ceph?.endpoint}/${bucket}/some/prefix`,
    AWS_ACCESS_KEY_ID: ceph?.accessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: ceph?.secretAccessKey ?? '',
  })
  beforeAll(async () => {
    ceph = await startCephS3()
  })
  afterAll(() => ceph?.stop())

  test('there and back', () => goThereAndBack({ env: env('bucket') }))

  test('keys from a profile; wrong ones are refused', async () => {
    const file = place.path('credentials')
    writeFileSync(file, `[backup]\naws_access_key_id=${ceph?.accessKeyId}\naws_secret_access_key=${ceph?.secretAccessKey}\n`)
    const { RESTIC_REPOSITORY = '' } = env('bucket')
    const profile = { ...place.env, RESTIC_REPOSITORY, AWS_SHARED_CREDENTIALS_FILE: file, AWS_PROFILE: 'backup' }
    expect((await holdfast(['snapshots'], { env: profile })).code).toBe(0)
    expect(await holdfast(['snapshots'], { env: { ...profile, AWS_PROFILE: 'other' } })).toMatchObject({
      code: 1,
      errors: expect.stringContaining('other'),
    })
    expect(await holdfast(['snapshots'], { env: { ...place.env, ...env('bucket'), AWS_SECRET_ACCESS_KEY: 'wrong' } })).toMatchObject({
      code: 1,
    })
    const nowhere = await holdfast(['snapshots'], { env: { ...place.env, ...env('no-such-bucket') } })
    expect(nowhere).toMatchObject({ code: 10, errors: expect.stringContaining('no-such-bucket') })
  })

  test('storage verify', async () => {
    const { RESTIC_REPOSITORY, ...keys } = env('verify')
    const outcome = await holdfast(['storage', 'verify', RESTIC_REPOSITORY ?? '', '--json'], { env: keys })
    expect(outcome).toMatchObject({ code: 0, errors: '' })
    expect(messages(outcome.output).at(-1)).toMatchObject({ message_type: 'summary', failed: 0 })
  })
})

describe('SFTP', () => {
  let sshd: Sshd | undefined
  beforeAll(async () => {
    sshd = await startSshd()
    mkdirSync(place.path('.ssh'), { mode: 0o700 })
    writeFileSync(place.path('.ssh', 'id_ed25519'), sshd.privateKey, { mode: 0o600 })
    writeFileSync(place.path('.ssh', 'known_hosts'), sshd.knownHosts)
  })
  afterAll(() => sshd?.stop())

  test('there and back', async () => {
    const folder = join(sshd?.folder ?? '', 'repository')
    const env = { RESTIC_REPOSITORY: `sftp://${sshd?.user}@${sshd?.host}:${sshd?.port}/${folder}` }
    await goThereAndBack({ env, resticEnv: { RESTIC_REPOSITORY: folder } })
  })
})

describe('REST', () => {
  test('there and back, with a password', async () => {
    const credentials = { username: 'ann', password: 'geh:eim' }
    const server = await startRestServer(new MemoryStorage(), { credentials })
    const { username, password } = credentials
    await goThereAndBack({
      env: { RESTIC_REPOSITORY: `rest:${server.url}/`, RESTIC_REST_USERNAME: username, RESTIC_REST_PASSWORD: password },
    })
    const denied = await holdfast(['snapshots'], {
      env: { ...place.env, RESTIC_REPOSITORY: `rest:http://ann:secret@${server.url.slice(7)}/` },
    })
    expect(denied.code).toBe(1)
    expect(denied.errors).not.toContain('secret')
    await server.stop()
  })

  test('uses a cache, which the cache command knows', async () => {
    const server = await startRestServer(new MemoryStorage())
    const env = { ...place.env, RESTIC_REPOSITORY: `rest:${server.url}/`, RESTIC_CACHE_DIR: place.path('own-cache') }
    for (const args of [['init'], ['backup', place.path('data')]]) expect((await holdfast(args, { env })).code).toBe(0)
    expect((await holdfast(['cache'], { env })).output).toMatch(/[0-9a-f]{10} {2}0 days ago/)
    expect((await restic(['cache'], { env })).output).toMatch(/1 cache dirs in/)
    expect((await holdfast(['cache', '--cleanup', '--max-age', '0'], { env })).output).toContain('remove 1 old cache directories')
    expect((await holdfast(['ls', 'latest', '--no-cache'], { env })).code).toBe(0)
    expect((await holdfast(['cache'], { env })).output).toContain('no cache dirs found')
    await server.stop()
  })
})
