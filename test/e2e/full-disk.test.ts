import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { sortedManifest } from '@holdfast/engine/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { holdfast, messages, playground, restic } from '../../packages/cli/test/programs.ts'
import { noise } from '../../packages/engine/test/restic-workbench.ts'

const DISK_MB = 48
const place = playground()
const disk = place.path('disk')
const repository = join(disk, 'repository')
const filler = join(disk, 'filler')
const env = { ...place.env, RESTIC_REPOSITORY: repository }
let firstId = ''

beforeAll(async () => {
  mkdirSync(disk)
  mountDisk()
  fillFolder('small', { files: 20, sizeBytes: 200_000, seed: 1 })
  fillFolder('large', { files: 120, sizeBytes: 700_000, seed: 100 })
  expect((await holdfast(['init'], { env })).code).toBe(0)
  const first = await holdfast(['backup', place.path('small'), '--json'], { env })
  expect(first.code).toBe(0)
  firstId = String(messages(first.output).at(-1)?.snapshot_id)
})

afterAll(() => {
  execFileSync('umount', ['--lazy', disk])
  place.remove()
})

describe('a disk that is full', () => {
  it('ends a backup that does not fit, with a clear error and nothing half done', async () => {
    const outcome = await holdfast(['backup', place.path('large')], { env })
    expect(outcome.code).toBe(1)
    expect(outcome.errors).toMatch(/Cannot write (data|index|snapshots)\/[0-9a-f]+ in \S+: .*no (room|space) left/i)
    expect(outcome.errors).not.toMatch(/\n\s+at /)
    expect(halfDone()).toEqual([])
    await expectSound()
  })

  it('ends one that cannot even lock in the same way, and what is there can be checked and restored', async () => {
    fillDisk()
    const outcome = await holdfast(['backup', place.path('small')], { env })
    expect(outcome.code).toBe(1)
    expect(outcome.errors).toMatch(/Cannot write locks\/[0-9a-f]+ in \S+: .*no (room|space) left/i)
    expect(halfDone()).toEqual([])
    await expectSound()
  })

  it('ends a restore onto it with a clear error for what does not fit', async () => {
    const target = join(disk, 'target')
    const outcome = await holdfast(['restore', firstId, '--target', target, '--no-lock'], { env })
    expect(outcome.code).toBe(1)
    expect(outcome.errors).toMatch(/no (room|space) left/i)
    expect(outcome.errors).not.toMatch(/\n\s+at /)
    rmSync(target, { recursive: true, force: true })
    await expectSound()
  })

  it('lets the next backup through when there is room again, which stores nothing twice', async () => {
    rmSync(filler)
    expect((await holdfast(['forget', '--prune', '--unsafe-allow-remove-all', '--tag', 'none'], { env })).code).toBe(0)
    expect((await holdfast(['prune'], { env })).code).toBe(0)
    const outcome = await holdfast(['backup', place.path('small'), '--force', '--json'], { env })
    expect(outcome.code).toBe(0)
    expect(messages(outcome.output).at(-1)).toMatchObject({ data_blobs: 0 })
    await expectSound(2)
    execFileSync('mount', ['-o', 'remount,size=200m', disk])
    expect((await holdfast(['backup', place.path('large')], { env })).code).toBe(0)
    await expectSound(3)
  })
})

function mountDisk(): void {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', disk], { stdio: 'pipe' })
  } catch (cause) {
    throw new Error('Cannot mount a small disk to fill: run the tests as root, or within `unshare --user --map-root-user --mount`', {
      cause,
    })
  }
}

function fillFolder(name: string, content: { readonly files: number; readonly sizeBytes: number; readonly seed: number }): void {
  mkdirSync(place.path(name))
  for (let file = 0; file < content.files; file++) writeFileSync(place.path(name, `${file}`), noise(content.sizeBytes, content.seed + file))
}

/** Leaves not one byte free. */
function fillDisk(): void {
  const descriptor = openSync(filler, 'w')
  try {
    for (const piece = Buffer.alloc(4096); ; ) if (writeSync(descriptor, piece) < piece.length) break
  } catch {
    // It is full now.
  }
  closeSync(descriptor)
  expect(statfsSync(disk).bavail).toBe(0)
}

function halfDone(): string[] {
  const files = readdirSync(repository, { recursive: true, encoding: 'utf8' })
  return files.filter((name) => /tmp|^locks\/./.test(name))
}

/** Locks nothing: there may be no room for one. */
async function expectSound(snapshots = 1): Promise<void> {
  expect(await restic(['check', '--read-data', '--no-lock', '--no-cache'], { env })).toMatchObject({
    code: 0,
    output: expect.stringContaining('no errors were found'),
  })
  expect(messages((await restic(['snapshots', '--json', '--no-lock', '--no-cache'], { env })).output)[0]).toHaveLength(snapshots)
  for (const program of [restic, holdfast]) {
    const target = place.path('restored')
    rmSync(target, { recursive: true, force: true })
    expect((await program(['restore', firstId, '--target', target, '--no-lock', '--no-cache'], { env })).code).toBe(0)
    expect(sortedManifest(join(target, place.path('small')))).toEqual(sortedManifest(place.path('small')))
  }
  expect(existsSync(place.path('restored'))).toBe(true)
}
