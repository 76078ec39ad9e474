import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type CopyOptions, type CopyResult, copySnapshots } from '../src/operations/copy.ts'
import { initRepository } from '../src/repository/open-repository.ts'
import { loadSnapshots } from '../src/snapshots/load-snapshots.ts'
import { openStorage } from '../src/storage/open-storage.ts'
import { resticBinaries } from '../src/testing/restic.ts'
import { changeSourceFolder, makeSourceFolder, noise, ResticWorkbench, WORKBENCH_PASSWORD } from './restic-workbench.ts'

const PROGRAM = new URL('./copy-program.ts', import.meta.url).pathname
const KILLS = 12

for (const restic of resticBinaries()) {
  describe(`copySnapshots and restic ${restic.version}`, () => {
    it('copy between versions in both directions, and know each other’s copies', async () => {
      using bench = new ResticWorkbench(restic)
      for (const [from, to] of [
        [1, 2],
        [2, 1],
        [2, 2],
      ] as const) {
        const [source, target, back] = [`source ${from}${to}`, `target ${from}${to}`, `back ${from}${to}`]
        makeRepository(bench, source, from)
        await initCopy(bench, { source, target, version: to })
        expect((await copy(bench, [source, target])).copied.size).toBe(2)
        expect(bench.run(target, ['check', '--read-data'])).toContain('no errors')
        expect(await treesOf(bench, target)).toEqual(await treesOf(bench, source))
        // Each recognises what the other has copied.
        expect(bench.copy(source, target)).not.toMatch(/snapshot \w+ saved/)
        expect((await copy(bench, [target, source])).skipped.size).toBe(2)
        bench.init(back, from)
        bench.copy(target, back)
        const repeated = await copy(bench, [source, back])
        expect([repeated.skipped.size, repeated.copied.size]).toEqual([2, 0])
      }
    })
  })
}

describe('a copy that is killed', () => {
  it('leaves a sound repository in which the next one goes on', async () => {
    const [, current] = resticBinaries()
    if (current === undefined) expect.fail('no restic')
    using bench = new ResticWorkbench(current)
    bench.init('source')
    for (let number = 0; number < 3; number++) {
      mkdirSync(bench.path(`folder ${number}`))
      for (let file = 0; file < 4; file++)
        writeFileSync(join(bench.path(`folder ${number}`), `${file}`), noise(6_000_000, number * 10 + file + 1))
      bench.run('source', ['backup', bench.path(`folder ${number}`)])
    }
    await initCopy(bench, { source: 'source', target: 'target', version: 2 })
    const durationMs = await timeOfWholeCopy(bench)
    for (let round = 0; round < KILLS; round++) {
      await killedCopy(bench, (durationMs * (round + 0.5)) / KILLS)
      expect(bench.run('target', ['check', '--read-data', '--no-lock']), `round ${round}`).toContain('no errors')
    }
    bench.run('target', ['unlock', '--remove-all'])
    await copy(bench, ['source', 'target'])
    expect(bench.run('target', ['check', '--read-data'])).toContain('no errors')
    expect(await treesOf(bench, 'target')).toEqual(await treesOf(bench, 'source'))
    expect((await copy(bench, ['source', 'target'])).skipped.size).toBe(3)
  })

  it('is ended by its signal with what it stored in the index', async () => {
    const [installed] = resticBinaries()
    if (installed === undefined) expect.fail('no restic')
    using bench = new ResticWorkbench(installed)
    bench.init('source')
    // Far more than is under way at once, so that packs are stored long before everything is read.
    mkdirSync(bench.path('folder'))
    writeFileSync(join(bench.path('folder'), 'large'), noise(80_000_000, 3))
    bench.run('source', ['backup', bench.path('folder')])
    await initCopy(bench, { source: 'source', target: 'target', version: 2 })
    const controller = new AbortController()
    const ended = copy(bench, ['source', 'target'], {
      signal: controller.signal,
      packSizeBytes: 1024 * 1024,
      observer: {
        advanced: () => {
          if (packsOf(bench.path('target')) >= 3) controller.abort(new Error('enough'))
        },
      },
    })
    await expect(ended).rejects.toThrow()
    expect(bench.run('target', ['check', '--read-data'])).toContain('no errors')
    const stored = (await (await bench.open('target')).loadIndex()).index.size
    expect(stored).toBeGreaterThan(0)
    const { blobs } = await copy(bench, ['source', 'target'])
    expect((await (await bench.open('target')).loadIndex()).index.size).toBe(stored + blobs)
    expect(bench.run('target', ['check', '--read-data'])).toContain('no errors')
  })
})

function makeRepository(bench: ResticWorkbench, name: string, version: 1 | 2): void {
  const folder = bench.path('folder')
  rmSync(folder, { recursive: true, force: true })
  bench.init(name, version)
  makeSourceFolder(folder)
  bench.run(name, ['backup', '--tag', 'a,b', folder])
  changeSourceFolder(folder)
  bench.run(name, ['backup', '--exclude', 'nothing', folder])
}

function packsOf(repository: string): number {
  return readdirSync(join(repository, 'data'), { recursive: true }).filter((path) => /\/[0-9a-f]{64}$/.test(String(path))).length
}

/** A repository that cuts as the source does. */
async function initCopy(
  bench: ResticWorkbench,
  names: { readonly source: string; readonly target: string; readonly version: 1 | 2 },
): Promise<void> {
  const { chunkerPolynomial } = await bench.open(names.source)
  const storage = await openStorage(bench.path(names.target))
  await initRepository(storage, { password: WORKBENCH_PASSWORD, version: names.version, chunkerPolynomial })
}

async function copy(
  bench: ResticWorkbench,
  [from, to]: readonly [string, string],
  options: Omit<CopyOptions, 'snapshots' | 'targetSnapshots'> = {},
): Promise<CopyResult> {
  const [source, target] = [await bench.open(from), await bench.open(to)]
  const [snapshots, targetSnapshots] = [await loadSnapshots(source), await loadSnapshots(target)]
  return copySnapshots(await source.loadIndex(), await target.loadIndex(), { ...options, snapshots, targetSnapshots })
}

async function treesOf(bench: ResticWorkbench, name: string): Promise<string[]> {
  return (await loadSnapshots(await bench.open(name))).map(({ tree }) => tree)
}

async function timeOfWholeCopy(bench: ResticWorkbench): Promise<number> {
  bench.copyOf('target', 'timed')
  const started = performance.now()
  await promisify(execFile)(process.execPath, [PROGRAM, bench.path('source'), bench.path('timed'), WORKBENCH_PASSWORD])
  return performance.now() - started
}

async function killedCopy(bench: ResticWorkbench, afterMs: number): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, bench.path('source'), bench.path('target'), WORKBENCH_PASSWORD], { stdio: 'ignore' })
  const exited = once(child, 'exit')
  await setTimeout(afterMs)
  child.kill('SIGKILL')
  await exited
}
