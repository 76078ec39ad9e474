import { describe, expect, it } from 'vitest'
import { EngineError } from '../../errors.ts'
import { FaultyStorage } from '../../testing/faulty-storage.ts'
import { MemoryStorage } from '../../testing/memory-storage.ts'
import type { ByteRange, CallOptions, FileInfo, FileKind, FileRef, Storage } from '../storage.ts'
import { CONTRACT_CHECKS } from './checks.ts'
import { type ContractResult, type VerifyOptions, verifyStorage } from './verify-storage.ts'

const QUICK: VerifyOptions = { largeFileBytes: 100_000, manyFiles: 10 }

async function verify(storage: Storage, options: VerifyOptions = {}): Promise<readonly ContractResult[]> {
  return Array.fromAsync(verifyStorage(storage, { ...QUICK, ...options }))
}

async function failures(storage: Storage): Promise<readonly string[]> {
  return (await verify(storage)).filter(({ passed }) => !passed).map(({ name }) => name)
}

describe('verifyStorage', () => {
  it('passes a sound storage and leaves it empty', async () => {
    const storage = new MemoryStorage()
    const results = await verify(storage)
    expect(results.map(({ name }) => name)).toEqual(CONTRACT_CHECKS.map(({ name }) => name))
    expect(results.filter(({ passed }) => !passed)).toEqual([])
    expect(storage.files.size).toBe(0)
  })

  it('touches nothing in a storage that is in use', async () => {
    const storage = new MemoryStorage()
    storage.replaceFile({ kind: 'config', name: '' }, Buffer.from('config'))
    await expect(verify(storage)).rejects.toMatchObject({ code: 'storage.contract' })
    expect(storage.files.size).toBe(1)
  })

  it('leaves nothing behind when it is cancelled', async () => {
    const storage = new MemoryStorage()
    const controller = new AbortController()
    const run = async (): Promise<void> => {
      for await (const result of verifyStorage(storage, { ...QUICK, signal: controller.signal })) {
        if (result.name === 'an empty file is a file') controller.abort(new Error('enough'))
      }
    }
    await expect(run()).rejects.toThrow('enough')
    expect(storage.files.size).toBe(0)
  })

  it('reports what goes wrong in a check as its failure', async () => {
    const faulty = new FaultyStorage(new MemoryStorage(), { fault: ({ operation }) => (operation === 'stat' ? 'fail' : undefined) })
    const results = await verify(faulty)
    expect(results.find(({ name }) => name === 'an empty file is a file')).toMatchObject({
      passed: false,
      error: { code: 'storage.failed' },
    })
  })
})

/** Storages that break one promise each, with checks that must notice. */
const BROKEN: readonly (readonly [string, () => Storage, readonly string[]])[] = [
  ['shows half of a file while it is written', () => new TearingStorage(), ['readers see the old or the new file, whole']],
  ['gives fewer bytes than asked for', () => new ShortReads(), ['a range past the end is refused']],
  ['ignores ranges', () => new IgnoredRanges(), ['a range gives exactly its bytes']],
  ['turns a bit', () => new FaultyStorage(new MemoryStorage(), { fault: () => 'flip' }), ['a large file comes back whole']],
  ['lists late', () => new LateListing(), ['a file of each kind is read, found and listed at once']],
  ['lists removed files', () => new GhostListing(), ['a removed file is gone, and removing it again succeeds']],
  ['lists twice', () => new DoubleListing(), ['a file of each kind is read, found and listed at once']],
  ['refuses to remove twice', () => new StrictRemoval(), ['a missing file is reported as missing']],
  ['never replaces', () => new NeverReplaces(), ['a write replaces what was there']],
  ['takes any name', () => new AnyName(), ['a name that no file can have is refused']],
  ['ignores signals', () => new IgnoredSignals(), ['a cancelled call rejects with the reason']],
  ['has another error for missing files', () => new OddErrors(), ['a missing file is reported as missing']],
  ['loses empty files', () => new NoEmptyFiles(), ['an empty file is a file']],
]

describe('verifyStorage notices a storage that', () => {
  it.each(BROKEN)('%s', async (_, open, checks) => {
    expect(await failures(open())).toEqual(expect.arrayContaining([...checks]))
  })
})

class TearingStorage extends MemoryStorage {
  override async write(file: FileRef, content: Uint8Array, options?: CallOptions): Promise<void> {
    await super.write(file, content.subarray(0, content.length >> 1), options)
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
    await super.write(file, content, options)
  }
}

class ShortReads extends MemoryStorage {
  override async read(file: FileRef, range: ByteRange | 'all', options?: CallOptions): Promise<Uint8Array> {
    const whole = await super.read(file, 'all', options)
    return range === 'all' ? whole : whole.subarray(range.offset, range.offset + range.length)
  }
}

class IgnoredRanges extends MemoryStorage {
  override async read(file: FileRef, _range: ByteRange | 'all', options?: CallOptions): Promise<Uint8Array> {
    return super.read(file, 'all', options)
  }
}

class LateListing extends MemoryStorage {
  readonly #known = new Set<string>()
  override async *list(kind: FileKind, options?: CallOptions): AsyncIterable<FileInfo> {
    for await (const info of super.list(kind, options)) {
      if (this.#known.has(info.name)) yield info
      this.#known.add(info.name)
    }
  }
}

class GhostListing extends MemoryStorage {
  readonly #ghosts: FileRef[] = []
  override async remove(file: FileRef, options?: CallOptions): Promise<void> {
    if (this.files.has(`${file.kind}/${file.name}`)) this.#ghosts.push(file)
    await super.remove(file, options)
  }
  override async *list(kind: FileKind, options?: CallOptions): AsyncIterable<FileInfo> {
    yield* super.list(kind, options)
    for (const ghost of this.#ghosts.splice(0)) if (ghost.kind === kind) yield { name: ghost.name, sizeBytes: 1 }
  }
}

class DoubleListing extends MemoryStorage {
  override async *list(kind: FileKind, options?: CallOptions): AsyncIterable<FileInfo> {
    yield* super.list(kind, options)
    yield* super.list(kind, options)
  }
}

class StrictRemoval extends MemoryStorage {
  override async remove(file: FileRef, options?: CallOptions): Promise<void> {
    await this.stat(file, options)
    await super.remove(file, options)
  }
}

class NeverReplaces extends MemoryStorage {
  override async write(file: FileRef, content: Uint8Array, options?: CallOptions): Promise<void> {
    const exists = await this.stat(file, options).catch(() => undefined)
    if (exists === undefined) await super.write(file, content, options)
  }
}

class AnyName extends MemoryStorage {
  override async write(file: FileRef, content: Uint8Array, options?: CallOptions): Promise<void> {
    if (/^[0-9a-f]{64}$|^$/.test(file.name)) await super.write(file, content, options)
  }
}

class IgnoredSignals extends MemoryStorage {
  override async stat(file: FileRef): Promise<FileInfo> {
    return super.stat(file)
  }
}

class OddErrors extends MemoryStorage {
  override async stat(file: FileRef, options?: CallOptions): Promise<FileInfo> {
    return super.stat(file, options).catch(() => {
      throw new EngineError('storage.failed', 'Cannot find it: something is wrong')
    })
  }
}

class NoEmptyFiles extends MemoryStorage {
  override async write(file: FileRef, content: Uint8Array, options?: CallOptions): Promise<void> {
    if (content.length > 0) await super.write(file, content, options)
  }
}
