import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { currentRestic, HOLDFAST, holdfast, messages, type Outcome, playground, restic } from '../../packages/cli/test/programs.ts'
import { noise } from '../../packages/engine/test/restic-workbench.ts'

const place = playground()
const { env } = place
const EXIT_LOCKED = 11
const PROGRAMS = { holdfast: HOLDFAST, restic: currentRestic() } as const

beforeAll(async () => {
  for (const [number, name] of ['one', 'two'].entries()) {
    mkdirSync(place.path(name))
    for (let file = 0; file < 40; file++) writeFileSync(place.path(name, `${file}`), noise(500_000, 1 + number * 100 + file))
    writeFileSync(place.path(name, 'both'), noise(5_000_000, 1000))
  }
  expect((await holdfast(['init'], { env })).code).toBe(0)
  expect((await holdfast(['backup', place.path('one', '0')], { env })).code).toBe(0)
})

afterAll(() => place.remove())

describe('processes that work on one repository at the same time', () => {
  it('back up, two of them, while a third checks again and again; prune waits until they are done', async ({ annotate }) => {
    const slow = ['--limit-upload', '8000', '--pack-size', '4']
    let running = 2
    const backups = ['one', 'two'].map((name) => holdfast(['backup', place.path(name), ...slow], { env }).finally(() => running--))
    await locksReach(2)
    const pruning = holdfast(['prune', '--retry-lock', '5m'], { env }).then((outcome) => ({ outcome, whileBackingUp: running }))
    expect((await holdfast(['prune'], { env })).code).toBe(EXIT_LOCKED)
    expect((await holdfast(['check'], { env })).code).toBe(EXIT_LOCKED)
    let checks = 0
    while (running > 0) {
      const checked = await holdfast(['check', '--no-lock', '--read-data'], { env })
      expect(checked, checked.errors).toMatchObject({ code: 0, output: expect.stringContaining('no errors were found') })
      checks++
    }
    for (const outcome of await Promise.all(backups)) expect(outcome, outcome.errors).toMatchObject({ code: 0 })
    const { outcome, whileBackingUp } = await pruning
    expect(outcome, outcome.errors).toMatchObject({ code: 0 })
    expect(whileBackingUp).toBe(0)
    await expectSound(3)
    await annotate(`checked ${checks} times while two backups ran`)
  })

  it('a check that may wait for the lock waits', async () => {
    const backup = await Slow.backup('holdfast')
    const checking = holdfast(['check', '--retry-lock', '5m'], { env })
    await backup.end()
    expect(await checking).toMatchObject({ code: 0 })
  })

  it.each([
    ['holdfast', 'restic'],
    ['restic', 'holdfast'],
    ['holdfast', 'holdfast'],
  ] as const)('a backup by %s keeps a prune by %s away, and lets its backups in', async (first, second) => {
    const backup = await Slow.backup(first)
    const other = second === 'restic' ? restic : holdfast
    const refused = await other(['prune'], { env })
    expect(refused.code).toBe(EXIT_LOCKED)
    expect(refused.errors).toMatch(/locked by PID/)
    expect((await other(['forget', 'latest'], { env })).code).toBe(EXIT_LOCKED)
    expect((await other(['backup', place.path('one', '1')], { env })).code).toBe(0)
    expect((await other(['unlock'], { env })).code).toBe(0)
    expect(locks()).toHaveLength(1)
    const outcome = await backup.end()
    expect(outcome, outcome.errors).toMatchObject({ code: 0 })
    expect((await other(['prune'], { env })).code).toBe(0)
  })

  it.each([
    ['holdfast', 'restic'],
    ['restic', 'holdfast'],
  ] as const)('a prune by %s keeps a backup by %s away', async (first, second) => {
    const stopped = await stoppedPrune(first)
    const other = second === 'restic' ? restic : holdfast
    expect((await other(['backup', place.path('one', '1')], { env })).code).toBe(EXIT_LOCKED)
    stopped.kill('SIGCONT')
    expect(await once(stopped, 'close')).toEqual([0, null])
    expect((await other(['backup', place.path('one', '1')], { env })).code).toBe(0)
  })

  it.each([
    ['holdfast', 'restic'],
    ['restic', 'holdfast'],
  ] as const)('the lock of a %s that was killed is stale for %s', async (first, second) => {
    const backup = await Slow.backup(first)
    await backup.kill()
    const other = second === 'restic' ? restic : holdfast
    expect((await other(['prune'], { env })).code).toBe(EXIT_LOCKED)
    expect((await other(['unlock'], { env })).code).toBe(0)
    expect(locks()).toEqual([])
    expect((await other(['prune'], { env })).code).toBe(0)
    await expectSound()
  })
})

/** A backup of standard input, which does not come to its end before it is told to. */
class Slow {
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown[]>
  readonly #said: string[] = []

  private constructor(program: keyof typeof PROGRAMS) {
    const args = ['backup', '--stdin', '--stdin-filename', `by ${program}`, '--no-cache']
    this.#child = spawn(PROGRAMS[program], args, { env: { PATH: process.env.PATH, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (chunk: Buffer) => this.#said.push(chunk.toString()))
    this.#closed = once(this.#child, 'close')
    this.#child.stdin?.on('error', () => undefined).write('begun, ')
  }

  /** Starts one, and waits until its lock is there. */
  static async backup(program: keyof typeof PROGRAMS): Promise<Slow> {
    const before = locks().length
    const slow = new Slow(program)
    await locksReach(before + 1)
    return slow
  }

  async end(): Promise<Outcome> {
    this.#child.stdin?.end('and ended')
    const [code] = await this.#closed
    return { code: Number(code), output: '', errors: this.#said.join('') }
  }

  /** Kills the program itself: the launcher has become it. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#closed
  }
}

/** A prune that has its lock and goes no further until it gets SIGCONT. */
async function stoppedPrune(program: keyof typeof PROGRAMS): Promise<ChildProcess> {
  const child = spawn(PROGRAMS[program], ['prune'], { env: { PATH: process.env.PATH, ...env }, stdio: 'ignore' })
  await locksReach(1)
  child.kill('SIGSTOP')
  if (locks().length !== 1) throw new Error(`the prune by ${program} was done before it was stopped`)
  return child
}

function locks(): string[] {
  return readdirSync(place.path('repository', 'locks')).filter((name) => /^[0-9a-f]{64}$/.test(name))
}

/** Waits until there are so many locks. */
async function locksReach(count: number): Promise<void> {
  const watcher = watch(join(place.folder, 'repository', 'locks'))
  try {
    while (locks().length < count) await once(watcher, 'change')
  } finally {
    watcher.close()
  }
}

async function expectSound(snapshots?: number): Promise<void> {
  expect(await restic(['check', '--read-data'], { env })).toMatchObject({
    code: 0,
    output: expect.stringContaining('no errors were found'),
  })
  const listed = messages((await restic(['snapshots', '--json'], { env })).output)[0]
  if (snapshots !== undefined) expect(listed).toHaveLength(snapshots)
}
