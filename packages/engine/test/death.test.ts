import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SnapshotId } from '../src/format/ids.ts'
import { timestampFromMs } from '../src/format/timestamp.ts'
import { saveSnapshot } from '../src/snapshots/save-snapshot.ts'
import { digestOf, type Ending, type FolderDigest, KillingGround, storedAgain } from './killing-ground.ts'
import type { OperationRequest } from './programs/operation.ts'
import { noise } from './restic-workbench.ts'
import { randomBelow, SEED, seededRandom } from './seeded-random.ts'

/** Deaths of each operation; runs that ended before their time came do not count. */
const DEATHS = { backup: 70, prune: 55, copy: 45, forget: 40 } as const
const PACK_BYTES = 1024 * 1024
const SMALL_FILES = 300
const LARGE_FILE_BYTES = 40_000_000
const CHANGED_BYTES = 3_000_000
/**
 * Real time, and a minute and a half in a second: index files are written again and again, locks are refreshed; files take time to write.
 */
const SPEEDS = [1, 100] as const

const ground = new KillingGround()
const random = seededRandom(SEED)
const source = ground.path('source')
/** What each snapshot of the history holds. */
const history = new Map<SnapshotId, FolderDigest>()

beforeAll(async () => {
  makeSource()
  await ground.init('history')
  for (let round = 0; round < 7; round++) {
    changeSource(round)
    await ground.run(requestOf('backup', { repository: ground.path('history'), source }))
    for (const { id } of await ground.snapshotsOf('history')) if (!history.has(id)) history.set(id, digestOf(source))
  }
}, 300_000)

afterAll(() => ground.dispose())

describe(`killed at any moment (seed ${SEED})`, () => {
  it('a backup leaves all that was there, and the next one stores nothing twice', async ({ annotate }) => {
    ground.clone('history', 'saved')
    const known = new Map(history)
    const deaths = new Deaths('backup', { repository: ground.path('saved'), source })
    for (let round = 0; deaths.count < DEATHS.backup; round++) {
      if (round % 2 === 0) changeSource(100 + round)
      const context = `seed ${SEED}, backup ${round}`
      const before = await ground.indexOf('saved')
      const { wasKilled, phase } = await deaths.next(round)
      await ground.expectSound('saved', { context: `${context}, killed: ${wasKilled}, ${phase}`, readData: round % 20 === 19 })
      expect(storedAgain(before, await ground.indexOf('saved')), context).toEqual([])
      const found = (await ground.snapshotsOf('saved')).map(({ id }) => id)
      for (const id of found) if (!known.has(id)) known.set(id, digestOf(source))
      expect(found.toSorted(), context).toEqual([...known.keys()].toSorted())
      if (round % 5 === 4) await expectRestores('saved', known, round)
    }
    await annotate(deaths.summary)
  })

  it('a prune removes nothing that is needed, and another one ends its work', async ({ annotate }) => {
    const keep = [...history].filter((_, position) => position % 3 === 0)
    ground.clone('history', 'forgotten')
    const repository = await ground.open('forgotten')
    for (const [position, id] of [...history.keys()].entries()) if (position % 3 !== 0) await repository.removeFile('snapshots', id)
    const deaths = new Deaths('prune', { repository: ground.path('pruned') })
    for (let round = 0, isDone = true; deaths.count < DEATHS.prune; round++) {
      if (isDone) ground.clone('forgotten', 'pruned')
      const { wasKilled, phase } = await deaths.next(round)
      isDone = !wasKilled
      const context = `seed ${SEED}, prune ${round}, killed: ${wasKilled}, ${phase}`
      await ground.expectSound('pruned', { context, readData: round % 20 === 19 })
      if (round % 5 === 4) await expectRestores('pruned', new Map(keep), round)
      if (isDone)
        expect((await ground.restic('pruned', ['prune', '--dry-run', '--max-unused', '0', '-vv'])).output).toMatch(/total prune: +0 blobs/)
    }
    await annotate(deaths.summary)
  })

  it('a copy leaves a sound repository, and the next one goes on', async ({ annotate }) => {
    const { chunkerPolynomial } = await ground.open('history')
    const deaths = new Deaths('copy', { repository: ground.path('copied'), source: ground.path('history') })
    for (let round = 0, isDone = true; deaths.count < DEATHS.copy; round++) {
      if (isDone) await ground.init('copied', { chunkerPolynomial })
      const before = await ground.indexOf('copied')
      const { wasKilled, phase } = await deaths.next(round)
      isDone = !wasKilled
      const context = `seed ${SEED}, copy ${round}, killed: ${wasKilled}, ${phase}`
      if (round % 5 === 4) await ground.expectSound('history', { context })
      await ground.expectSound('copied', { context, readData: round % 20 === 19 })
      expect(storedAgain(before, await ground.indexOf('copied')), context).toEqual([])
      const copies = (await ground.snapshotsOf('copied')).map(({ id, original = id }) => [id, history.get(original) ?? new Map()] as const)
      if (isDone) expect(copies.length, context).toBe(history.size)
      if (copies.length > 0) await expectRestores('copied', new Map(copies), round)
    }
    // The last of the dead may have left a lock, which would keep others from what follows.
    await ground.expectSound('history', { context: `seed ${SEED}, after all copies` })
    await annotate(deaths.summary)
  })

  it('a forget removes nothing but what it was to remove', async ({ annotate }) => {
    ground.clone('history', 'full')
    const repository = await ground.open('full')
    const [first] = await ground.snapshotsOf('full')
    if (first === undefined) throw new Error('there is no snapshot')
    const { id: _, ...fields } = first
    for (let day = 1; day <= 60; day++) await saveSnapshot(repository, { ...fields, time: timestampFromMs(day * 86_400_000) })
    const keep = (await ground.snapshotsOf('full')).slice(-4).map(({ id }) => id)
    const deaths = new Deaths('forget', { repository: ground.path('thinned'), keepLast: 4 })
    for (let round = 0, isDone = true; deaths.count < DEATHS.forget; round++) {
      if (isDone) ground.clone('full', 'thinned')
      const { wasKilled, phase } = await deaths.next(round)
      isDone = !wasKilled
      const context = `seed ${SEED}, forget ${round}, killed: ${wasKilled}, ${phase}`
      await ground.expectSound('thinned', { context })
      const left = (await ground.snapshotsOf('thinned')).map(({ id }) => id)
      expect(left.slice(-4), context).toEqual(keep)
      if (isDone) expect(left, context).toEqual(keep)
      if (round % 10 === 9) await expectRestores('thinned', new Map([...history].filter(([id]) => keep.includes(id))), round)
    }
    await annotate(deaths.summary)
  })
})

/** Kills one operation again and again, at moments that are spread over the whole time that it takes. */
class Deaths {
  count = 0
  readonly #request: OperationRequest
  readonly #durationsMs = new Map<number, number>()
  /** The calls of the last run that was not killed, as lines, with how often each came. */
  #lines = new Map<string, number>()
  readonly #phases = new Map<string, number>()
  #completed = 0

  constructor(operation: OperationRequest['operation'], rest: Pick<OperationRequest, 'repository' | 'source' | 'keepLast'>) {
    this.#request = requestOf(operation, rest)
  }

  /**
   * One more run. The first at each speed shows how long it takes; the others are killed, half of them at any time, half of them before, in
   * or after a call of the storage, every kind of call being as likely.
   */
  async next(round: number): Promise<Ending> {
    if (round > 4 * DEATHS[this.#request.operation]) throw new Error(`seed ${SEED}: ${this.#request.operation} ends before it is killed`)
    const speed = SPEEDS[randomBelow(random, SPEEDS.length)] ?? 1
    const isPaced = speed > 1
    const durationMs = this.#durationsMs.get(speed)
    const ending =
      durationMs === undefined
        ? await ground.run({ ...this.#request, speed, isPaced })
        : random() < 0.5
          ? await ground.run({ ...this.#request, speed, isPaced }, { killAfterMs: durationMs * random() })
          : await ground.run({ ...this.#request, speed, isPaced, death: this.#drawDeath() })
    if (ending.wasKilled) {
      this.count++
      this.#phases.set(ending.phase, (this.#phases.get(ending.phase) ?? 0) + 1)
    } else {
      this.#completed++
      this.#durationsMs.set(speed, ending.durationMs)
      this.#lines = new Map(Object.entries(Object.groupBy(ending.lines, (line) => line)).map(([line, all = []]) => [line, all.length]))
    }
    return ending
  }

  #drawDeath(): NonNullable<OperationRequest['death']> {
    const lines = [...this.#lines]
    // What changes the repository has more to spoil.
    const changes = lines.filter(([line]) => /^. (write|remove) /.test(line))
    const candidates = random() < 0.75 ? changes : lines
    const [line, count] = candidates[randomBelow(random, candidates.length)] ?? ['', 1]
    return { line, occurrence: 1 + randomBelow(random, count), delayMs: random() < 0.5 ? 0 : 5 * random() }
  }

  get summary(): string {
    const phases = [...this.#phases].toSorted(([, a], [, b]) => b - a).map(([phase, count]) => `${count} ${phase}`)
    const { operation } = this.#request
    return `${operation}, seed ${SEED}: killed ${this.count} times (${phases.join(', ')}), ended by itself ${this.#completed} times`
  }
}

function requestOf(
  operation: OperationRequest['operation'],
  rest: Pick<OperationRequest, 'repository' | 'source' | 'keepLast'>,
): OperationRequest {
  return { operation, password: '', packSizeBytes: PACK_BYTES, speed: 1, isPaced: false, ...rest }
}

/** Restores a random one of the snapshots that there must be. */
async function expectRestores(name: string, known: ReadonlyMap<SnapshotId, FolderDigest>, round: number): Promise<void> {
  const candidates = [...known.keys()]
  const id = candidates[randomBelow(random, candidates.length)]
  if (id === undefined) throw new Error('there is no snapshot to restore')
  const restored = await ground.restored(name, id, { byRestic: round % 2 === 0, root: source })
  expect(restored, `seed ${SEED}, ${name}, round ${round}: snapshot ${id}`).toEqual(known.get(id))
}

function makeSource(): void {
  for (let file = 0; file < SMALL_FILES; file++) {
    mkdirSync(join(source, `folder ${file % 20}`), { recursive: true })
    writeFileSync(smallFile(file), noise(500 + 60 * file, file + 1))
  }
  writeFileSync(join(source, 'large'), noise(LARGE_FILE_BYTES, 1000))
}

/** Changes a tenth of the small files and a part of the large one. */
function changeSource(round: number): void {
  for (let file = 0; file < SMALL_FILES / 10; file++) {
    writeFileSync(smallFile(randomBelow(random, SMALL_FILES)), noise(500 + randomBelow(random, 20_000), 2000 + round * 100 + file))
  }
  const large = openSync(join(source, 'large'), 'r+')
  writeSync(large, noise(CHANGED_BYTES, 5000 + round), 0, CHANGED_BYTES, randomBelow(random, LARGE_FILE_BYTES - CHANGED_BYTES))
  closeSync(large)
}

function smallFile(file: number): string {
  return join(source, `folder ${file % 20}`, `file ${file}`)
}
