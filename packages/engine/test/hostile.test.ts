import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isEngineError } from '../src/errors.ts'
import { byteStringOf } from '../src/format/byte-string.ts'
import type { BlobId } from '../src/format/ids.ts'
import { checkRepository } from '../src/operations/check/check.ts'
import { copySnapshots } from '../src/operations/copy.ts'
import { listSnapshot } from '../src/operations/list.ts'
import { planPrune } from '../src/operations/prune/plan-prune.ts'
import { executeRestore } from '../src/operations/restore/restore.ts'
import type { OpenRepository } from '../src/repository/open-repository.ts'
import { loadSnapshots } from '../src/snapshots/load-snapshots.ts'
import { LocalStorage } from '../src/storage/local/local-storage.ts'
import { MemoryStorage } from '../src/testing/memory-storage.ts'
import { bomb, encodeHostileTree, type HostileNode, HostileRepository, hostileNode, idOfZeros, nowhere } from './hostile-repository.ts'
import { HOSTILE_OPERATIONS, type HostileOutcome, type HostileRequest } from './programs/hostile-operations.ts'
import { PASSWORD } from './repository-lab.ts'
import { randomBelow, SEED, seededRandom } from './seeded-random.ts'

const PROGRAM = new URL('./programs/hostile-operation.ts', import.meta.url).pathname
/** What any operation may take of memory, whatever a repository says: its threads and their buffers for packs are most of it. */
const PEAK_BYTES_MAX = 600 * 1024 * 1024
const TIME_LIMIT_MS = 120_000
const GIB = 1024 ** 3
const folder = mkdtempSync(join(tmpdir(), 'holdfast-hostile-'))
const harmless = join(folder, 'harmless')

beforeAll(() => {
  mkdirSync(harmless)
  for (let file = 0; file < 5; file++) writeFileSync(join(harmless, `${file}`), randomBytes(10_000))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Case {
  readonly make: (hostile: HostileRepository) => Promise<void>
  /** Operations that must complain, by an error or by a problem that they report; others may not notice. */
  readonly noticedBy: readonly (typeof HOSTILE_OPERATIONS)[number][]
  readonly peakBytesMax?: number
}

const CASES: Readonly<Record<string, Case>> = {
  'names that lead out of the target': {
    make: async (hostile) => {
      const names = ['', '.', '..', '../evil', '../../evil', `${folder}/evil`, 'evil/../../../evil', 'nul\0evil', 'a/b']
      const [id = nowhere<BlobId>(0)] = await hostile.blobs([{ type: 'data', content: Buffer.from('evil') }])
      const evil = await hostile.tree([hostileNode({ name: 'evil', content: [id], size: 4 })])
      const folders: HostileNode[] = [hostileNode({ name: 'link', type: 'symlink', linktarget: folder })]
      // A tree of its own for each: one that cannot be decoded takes the others with it.
      for (const [number, name] of names.entries()) {
        const kinds = [
          { type: 'file', content: [id], size: 4 },
          { type: 'dir', subtree: evil },
          { type: 'symlink', linktarget: '/etc/passwd' },
          { type: 'fifo' },
        ]
        for (const kind of kinds) {
          const subtree = await hostile.tree([hostileNode({ name, ...kind })])
          folders.push(hostileNode({ name: `${number} ${kind.type}`, type: 'dir', subtree, mode: 0x8000_01ed }))
        }
      }
      await hostile.snapshot(await hostile.tree(folders.toSorted((a, b) => (String(a.name) < String(b.name) ? -1 : 1))))
    },
    noticedBy: ['restore', 'check'],
  },
  'a folder that is in itself, by an index that lies': {
    make: async (hostile) => {
      const cycle = nowhere<BlobId>(1)
      const top = await hostile.tree([hostileNode({ name: 'again', type: 'dir', subtree: cycle })])
      const { index, packs } = await hostile.repository.loadIndex()
      const place = index.find('tree', top)
      if (place === undefined) throw new Error('the tree is not in the index')
      const { offset, length, uncompressedLength } = place
      const blob = { id: cycle, type: 'tree', offset, length, uncompressed_length: uncompressedLength } as const
      await hostile.index([{ id: packs.idOf(place.pack), blobs: [blob] }])
      await hostile.snapshot(top)
    },
    noticedBy: ['restore', 'check', 'ls', 'copy', 'prune'],
  },
  'ten thousand folders in each other': {
    make: async (hostile) => {
      let content = encodeHostileTree([])
      const indexed = await hostile.repository.loadIndex()
      let top = nowhere<BlobId>(0)
      await indexed.write(async (writer) => {
        for (let depth = 0; depth < 10_000; depth++) {
          top = (await writer.saveBlob('tree', content)).id
          content = encodeHostileTree([hostileNode({ name: 'd', type: 'dir', subtree: top, mode: 0x8000_01ed })])
        }
      })
      await hostile.snapshot(top)
    },
    noticedBy: ['restore', 'ls'],
  },
  'sizes beyond all bounds': {
    make: async (hostile) => {
      const [id = nowhere<BlobId>(0)] = await hostile.blobs([{ type: 'data', content: Buffer.from('little') }])
      const nodes = [
        hostileNode({ name: 'a', size: 2 ** 53 - 1, content: [id] }),
        hostileNode({ name: 'b', size: 2 ** 52, content: Array.from({ length: 100_000 }, () => id) }),
        hostileNode({ name: 'c', size: 1e15, content: [] }),
        hostileNode({ name: 'd', size: 6, content: [id], links: 2 ** 31, inode: 2 ** 52 }),
      ]
      await hostile.snapshot(await hostile.tree(nodes))
    },
    noticedBy: [],
  },
  'an index that lies about places and lengths': {
    make: async (hostile) => {
      const [id = nowhere<BlobId>(0), other = nowhere<BlobId>(0)] = await hostile.blobs([
        { type: 'data', content: Buffer.from('one') },
        { type: 'data', content: Buffer.from('other') },
      ])
      const { index, packs } = await hostile.repository.loadIndex()
      const place = index.find('data', id)
      if (place === undefined) throw new Error('the blob is not in the index')
      const pack = packs.idOf(place.pack)
      for (const { name } of await Array.fromAsync(hostile.repository.list('index'))) {
        await hostile.repository.storage.remove({ kind: 'index', name })
      }
      const content = [id, other, nowhere<BlobId>(5), nowhere<BlobId>(6), nowhere<BlobId>(7)]
      const top = await hostile.tree(content.map((blob, number) => hostileNode({ name: `${number}`, size: 5, content: [blob] })))
      const lie = (blob: BlobId, at: { readonly offset: number; readonly length: number; readonly uncompressed_length?: number }): never =>
        ({ id: blob, type: 'data', ...at }) as never
      const { offset, length } = place
      const blobs = [
        lie(id, { offset: offset + 1, length }),
        lie(other, { offset, length: 2 ** 31 }),
        lie(nowhere(5), { offset: 2 ** 32 - 100, length: 99 }),
        lie(nowhere(6), { offset, length, uncompressed_length: 2 ** 31 - 1 }),
      ]
      await hostile.index([
        { id: pack, blobs },
        { id: nowhere(8), blobs: [lie(nowhere(7), { offset: 0, length: 2 ** 31 - 1 })] },
      ])
      await hostile.snapshot(top)
    },
    noticedBy: ['restore', 'check', 'copy', 'prune'],
  },
  'a snapshot that is a bomb': {
    make: async (hostile) => {
      await hostile.document('snapshots', bomb(GIB))
      await hostile.document('snapshots', bomb(GIB - 1, { byte: 0x5b }))
    },
    noticedBy: HOSTILE_OPERATIONS,
  },
  'index files that are bombs': {
    make: async (hostile) => {
      await hostile.snapshot(await hostile.tree([]))
      for (let number = 0; number < 6; number++)
        await hostile.document('index', bomb(GIB - number, { byte: number % 2 === 0 ? 0x20 : 0x5b }))
    },
    noticedBy: HOSTILE_OPERATIONS,
  },
  'a bomb that claims to be small': {
    make: async (hostile) => {
      await hostile.document('index', bomb(GIB, { claimedBytes: 1000 }))
      const tree = nowhere<BlobId>(2)
      await hostile.frames([{ type: 'tree', id: tree, frame: bomb(GIB, { claimedBytes: 1000 }), lengthBytes: 1000 }]).catch(() => undefined)
      await hostile.snapshot(tree)
    },
    noticedBy: HOSTILE_OPERATIONS,
  },
  'a tree that is a bomb': {
    make: async (hostile) => {
      const sizeBytes = 200 * 1024 * 1024
      const tree = idOfZeros(sizeBytes)
      await hostile.frames([{ type: 'tree', id: tree, frame: bomb(sizeBytes), lengthBytes: sizeBytes }])
      await hostile.snapshot(tree)
    },
    noticedBy: ['restore', 'check', 'ls', 'copy', 'prune'],
    // The tree of a folder with half a million files has this size, so that it must be read; that takes some four times its size.
    peakBytesMax: GIB,
  },
  'a tree that is a bomb beyond all bounds': {
    make: async (hostile) => {
      const tree = idOfZeros(GIB)
      await hostile.frames([{ type: 'tree', id: tree, frame: bomb(GIB), lengthBytes: GIB }])
      await hostile.snapshot(tree)
    },
    noticedBy: HOSTILE_OPERATIONS,
  },
  'files whose blobs are bombs': {
    make: async (hostile) => {
      const sizeBytes = 64 * 1024 * 1024
      const [id, liar] = [idOfZeros(sizeBytes), nowhere<BlobId>(3)]
      const nodes = ['a', 'b', 'c'].map((name) =>
        hostileNode({ name, size: 2 * GIB, content: name === 'c' ? [liar] : Array.from({ length: 4 }, () => id) }),
      )
      await hostile.snapshot(await hostile.tree(nodes))
      await hostile.frames([
        { type: 'data', id, frame: bomb(sizeBytes), lengthBytes: sizeBytes },
        { type: 'data', id: liar, frame: bomb(GIB), lengthBytes: 1000 },
      ])
    },
    noticedBy: ['restore', 'check', 'copy'],
  },
  'files whose blobs are bombs beyond all bounds': {
    make: async (hostile) => {
      const id = idOfZeros(GIB)
      await hostile.snapshot(await hostile.tree([hostileNode({ name: 'a', size: GIB, content: [id] })]))
      await hostile.frames([{ type: 'data', id, frame: bomb(GIB), lengthBytes: GIB }])
    },
    noticedBy: HOSTILE_OPERATIONS,
  },
  'thousands of locks and keys of no use': {
    make: async (hostile) => {
      await hostile.snapshot(await hostile.tree([]))
      for (let number = 0; number < 3000; number++) {
        await hostile.file('locks', Buffer.alloc(0, number))
        await hostile.repository.storage.write({ kind: 'locks', name: nowhere<BlobId>(number) }, Buffer.alloc(0))
        if (number % 3 === 0)
          await hostile.file('keys', Buffer.from(`{"kdf":"scrypt","N":${2 ** 30},"r":8,"p":${number + 1},"salt":"AAAA","data":"AAAA"}`))
      }
    },
    noticedBy: [],
  },
}

describe.each(Object.keys(CASES))('%s', (name) => {
  const { make, noticedBy, peakBytesMax = PEAK_BYTES_MAX } = caseOf(name)
  const inside = join(folder, name)
  const repository = join(inside, 'repository')

  beforeAll(async () => {
    await make(await HostileRepository.make(await LocalStorage.open({ folder: repository }), PASSWORD))
  }, 120_000)
  afterAll(() => rmSync(inside, { recursive: true, force: true }))

  it.each(HOSTILE_OPERATIONS)('does %s no harm', async (operation) => {
    const target = operation === 'backup' ? harmless : join(inside, operation, 'target')
    const outcome = await operate({ operation, repository, password: PASSWORD, folder: target })
    const context = JSON.stringify(outcome)
    expect(outcome.code, context).not.toBe('crash')
    expect(outcome.message, context).not.toMatch(/undefined|\[object/)
    expect(outcome.peakBytes, context).toBeLessThan(peakBytesMax)
    if (noticedBy.includes(operation)) expect([outcome.code !== undefined, outcome.problems > 0], context).toContain(true)
    expect(existsSync(join(inside, operation)) ? readdirSync(join(inside, operation)) : [], context).toEqual(
      existsSync(target) && operation !== 'backup' ? ['target'] : [],
    )
    expect(
      readdirSync(inside).filter((entry) => entry !== 'repository' && !(HOSTILE_OPERATIONS as readonly string[]).includes(entry)),
    ).toEqual([])
    expect(['/evil', join(folder, 'evil'), join(tmpdir(), 'evil')].filter(existsSync)).toEqual([])
  })
})

function caseOf(name: string): Case {
  const found = CASES[name]
  if (found === undefined) throw new Error(`there is no case ${name}`)
  return found
}

/** Runs an operation in a process of its own; one that takes too long is killed and counts as a failure. */
async function operate(request: HostileRequest): Promise<HostileOutcome> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(request)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIME_LIMIT_MS,
    killSignal: 'SIGKILL',
  })
  const [output, errors]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) =>
    child.once('error', reject).once('close', (exitCode, killedBy) => resolve([exitCode, killedBy])),
  )
  if (code !== 0) throw new Error(`${request.operation} ended with ${code ?? signal}: ${Buffer.concat(errors).toString().slice(0, 2000)}`)
  return JSON.parse(Buffer.concat(output).toString()) as HostileOutcome
}

describe(`documents with bytes that were changed and sealed again (seed ${SEED})`, () => {
  const ROUNDS = 250
  const random = seededRandom(SEED)
  let snapshotJson: Uint8Array = Buffer.alloc(0)
  let indexJson: Uint8Array = Buffer.alloc(0)
  let treeJson: Uint8Array = Buffer.alloc(0)
  let sound: HostileRepository

  beforeAll(async () => {
    sound = await HostileRepository.make(new MemoryStorage(), PASSWORD)
    const ids = await sound.blobs([1, 2, 3].map((number) => ({ type: 'data', content: Buffer.alloc(2000, `${number}`) })))
    const below = await sound.tree(ids.map((id, number) => hostileNode({ name: `file ${number}`, content: [id], size: 2000 })))
    treeJson = encodeHostileTree([
      hostileNode({ name: 'folder', type: 'dir', subtree: below, mode: 0x8000_01ed }),
      hostileNode({ name: 'large', content: ids, size: 6000, extended_attributes: [{ name: 'user.a', value: 'AAAA' }] }),
      hostileNode({ name: 'link', type: 'symlink', linktarget: '../elsewhere' }),
      hostileNode({ name: 'pipe', type: 'fifo', links: 1 }),
    ])
    await sound.snapshot((await sound.blobs([{ type: 'tree', content: treeJson }]))[0] ?? below)
    const documents = async (kind: 'snapshots' | 'index'): Promise<Buffer> => {
      const [file] = await Array.fromAsync(sound.repository.list(kind))
      return sound.repository.loadUnpacked(kind, (file?.name ?? '') as never)
    }
    ;[snapshotJson, indexJson] = [await documents('snapshots'), await documents('index')]
  })

  it.each(['snapshot', 'index', 'tree'] as const)(
    `every operation copes with ${ROUNDS} times another %s`,
    async (what) => {
      let noticed = 0
      for (let round = 0; round < ROUNDS; round++) {
        const { repository } = await HostileRepository.make(new MemoryStorage(), PASSWORD)
        const changed = new Changed(sound.repository)
        if (what === 'snapshot') await changed.document('snapshots', changedBytes(snapshotJson, random))
        else if (what === 'index') await changed.document('index', changedBytes(indexJson, random))
        else await changed.tree(changedBytes(treeJson, random))
        const target = join(folder, 'fuzz', 'target')
        const results = await changed.operate(target, repository)
        for (const [operation, error] of results) {
          if (error !== undefined && !isEngineError(error))
            throw new Error(`seed ${SEED}, ${what} ${round}: ${operation} crashed`, { cause: error })
          if (error !== undefined) noticed++
        }
        expect(
          readdirSync(join(folder, 'fuzz')).filter((entry) => entry !== 'target'),
          `seed ${SEED}, ${what} ${round}`,
        ).toEqual([])
        rmSync(join(folder, 'fuzz'), { recursive: true, force: true })
      }
      expect(noticed).toBeGreaterThan(ROUNDS / 10)
    },
    240_000,
  )
})

/** A copy of a repository in which one document is another. */
class Changed {
  readonly #storage = new MemoryStorage()
  readonly #repository: OpenRepository

  constructor(sound: OpenRepository) {
    const { storage } = sound
    if (!(storage instanceof MemoryStorage)) throw new Error('the repository is not in memory')
    for (const { file, content } of storage.files.values()) this.#storage.replaceFile(file, content)
    this.#repository = Object.assign(Object.create(Object.getPrototypeOf(sound)) as OpenRepository, { ...sound, storage: this.#storage })
  }

  async document(kind: 'snapshots' | 'index', plaintext: Uint8Array): Promise<void> {
    for (const { file } of [...this.#storage.files.values()]) {
      // The other index files have the rest of the blobs.
      if (file.kind === kind && (kind === 'snapshots' || file.name === [...this.#names(kind)][0]))
        this.#storage.replaceFile(file, undefined)
    }
    await this.#repository.saveUnpacked(kind, plaintext)
  }

  async tree(content: Uint8Array): Promise<void> {
    const indexed = await this.#repository.loadIndex()
    const { id } = await indexed.write((writer) => writer.saveBlob('tree', content))
    const [snapshot] = await loadSnapshots(this.#repository)
    if (snapshot === undefined) throw new Error('there is no snapshot')
    await this.document('snapshots', Buffer.from(JSON.stringify({ ...snapshot, tree: id, id: undefined })))
  }

  /** Each operation with what it rejected with. */
  async operate(target: string, other: OpenRepository): Promise<(readonly [string, unknown])[]> {
    const repository = this.#repository
    mkdirSync(join(target, '..'), { recursive: true })
    const operations: Record<string, () => Promise<unknown>> = {
      check: () => checkRepository(repository),
      ls: async () => {
        for (const { tree } of await loadSnapshots(repository)) for await (const _ of listSnapshot(await repository.loadIndex(), tree, {}));
      },
      prune: async () => planPrune(await repository.loadIndex()),
      copy: async () =>
        copySnapshots(await repository.loadIndex(), await other.loadIndex(), {
          snapshots: await loadSnapshots(repository),
          targetSnapshots: [],
        }),
    }
    // Threads take their time to start.
    if (++attempts % 10 === 0) {
      operations.restore = async () => {
        const [snapshot] = await loadSnapshots(repository)
        if (snapshot !== undefined)
          await executeRestore(await repository.loadIndex(), { tree: snapshot.tree, target: byteStringOf(target) })
      }
    }
    const results: (readonly [string, unknown])[] = []
    for (const [name, run] of Object.entries(operations)) {
      results.push([
        name,
        await run().then(
          () => undefined,
          (error: unknown) => error ?? new Error('nothing was thrown'),
        ),
      ])
    }
    return results
  }

  #names(kind: 'snapshots' | 'index'): string[] {
    return [...this.#storage.files.values()].filter(({ file }) => file.kind === kind).map(({ file }) => file.name)
  }
}

let attempts = 0

/** The same bytes with a few of them changed, taken away, doubled, or replaced by what is near the bounds of numbers. */
function changedBytes(bytes: Uint8Array, random: () => number): Buffer {
  let changed = Buffer.from(bytes)
  for (let edits = 1 + randomBelow(random, 3); edits > 0; edits--) {
    const at = randomBelow(random, changed.length)
    const until = Math.min(changed.length, at + 1 + randomBelow(random, 12))
    const kind = randomBelow(random, 5)
    if (kind === 0) changed[at] = (changed[at] ?? 0) ^ (1 << randomBelow(random, 8))
    else if (kind === 1) changed = Buffer.concat([changed.subarray(0, at), changed.subarray(until)])
    else if (kind === 2) changed = Buffer.concat([changed.subarray(0, until), changed.subarray(at)])
    else if (kind === 3) changed[at] = randomBelow(random, 256)
    else changed = Buffer.from(withOtherNumber(changed.toString('latin1'), random), 'latin1')
  }
  return changed
}

const NUMBERS = [
  '-1',
  '0',
  '1.5',
  '4294967295',
  '4294967296',
  '9007199254740993',
  '18446744073709551615',
  '1e308',
  'null',
  '"text"',
  '[]',
  '{}',
]

/** Replaces one of the numbers or texts of a JSON document. */
function withOtherNumber(json: string, random: () => number): string {
  const values = [...json.matchAll(/:("[^"]*"|\d+)/g)]
  const found = values[randomBelow(random, values.length)]
  if (found === undefined) return json
  const value = NUMBERS[randomBelow(random, NUMBERS.length)] ?? '0'
  return `${json.slice(0, found.index + 1)}${value}${json.slice(found.index + found[0].length)}`
}
