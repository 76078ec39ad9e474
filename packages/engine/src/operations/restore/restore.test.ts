import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ByteString, byteStringOf, displayText } from '../../format/byte-string.ts'
import type { BlobId } from '../../format/ids.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import type { OpenRepository } from '../../repository/open-repository.ts'
import { LocalStorage } from '../../storage/local/local-storage.ts'
import { layoutPath } from '../../storage/storage.ts'
import { MemoryStorage } from '../../testing/memory-storage.ts'
import { type FolderSpec, SAMPLE_TIME, SampleNode, sampleRepository, saveFolder } from '../../testing/sample-snapshots.ts'
import { measureRestore } from './measure.ts'
import { executeRestore, planRestore } from './restore.ts'
import type { RestoreRequest, RestoreStatistics, Selection } from './restore-request.ts'
import { selectPaths } from './select-paths.ts'

let folder: string
let target: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-restore-'))
  target = join(folder, 'outer', 'target')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface Sample {
  readonly repository: OpenRepository
  readonly indexed: IndexedRepository
  readonly storage: MemoryStorage
}

async function sample(): Promise<Sample> {
  const storage = new MemoryStorage()
  const repository = await sampleRepository({ storage })
  return { repository, storage, indexed: await repository.loadIndex() }
}

async function restore(
  indexed: IndexedRepository,
  tree: BlobId,
  options: Partial<RestoreRequest> = {},
): Promise<{ readonly statistics: RestoreStatistics; readonly problems: readonly string[] }> {
  const problems: string[] = []
  const statistics = await executeRestore(
    indexed,
    { tree, target: byteStringOf(target), ...options },
    { progress: { problem: (path: ByteString, { code, message }) => void problems.push(`${displayText(path)} ${code} ${message}`) } },
  )
  return { statistics, problems }
}

/** Everything below the folder of the test, but not in the target. */
function outside(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path !== 'outer' && path !== 'outer/target' && !path.startsWith('outer/target/'))
    .sort()
}

const file = (fields: ConstructorParameters<typeof SampleNode>[0]): SampleNode =>
  new SampleNode({ type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: SAMPLE_TIME, links: 1, content: [], ...fields })

describe('names that lead elsewhere', () => {
  test.each(['..', '.', 'a/b', '../evil', '/etc/evil', 'zero\0byte'])('%j is refused, and all else is restored', async (name) => {
    const { indexed } = await sample()
    const folders: FolderSpec = { [name]: { evil: 'evil' }, good: 'good' }
    const tree = await indexed.write((writer) => saveFolder(writer, { below: { [name]: 'evil', good: 'good' }, folders }))
    const { problems, statistics } = await restore(indexed, tree)
    expect(problems).toHaveLength(2)
    for (const problem of problems) expect(problem).toContain('target.unsafe')
    expect(statistics.problems).toBe(2)
    expect(readdirSync(target, { recursive: true }).sort()).toEqual(['below', 'below/good', 'folders', 'folders/good'])
    expect(outside()).toEqual([])
  })

  test('keep everything from being removed as extraneous', async () => {
    const { indexed } = await sample()
    const tree = await indexed.write((writer) => saveFolder(writer, { a: { '..': 'evil' }, b: { file: 'x' } }))
    mkdirSync(join(target, 'b'), { recursive: true })
    writeFileSync(join(target, 'b', 'mine'), '')
    await restore(indexed, tree, { removeExtraneous: true })
    expect(existsSync(join(target, 'b', 'mine'))).toBe(true)
  })

  test('that occur twice make the folder malformed', async () => {
    const { indexed } = await sample()
    const tree = await indexed.write(async (writer) => {
      const inner = await saveFolder(writer, { file: 'evil' })
      const plain = { mode: 0o755, mtime: SAMPLE_TIME, atime: SAMPLE_TIME, ctime: SAMPLE_TIME, uid: 0, gid: 0, content: null }
      const nodes = [
        { ...plain, name: 'a', type: 'symlink', linktarget: folder },
        { ...plain, name: 'a', type: 'dir', subtree: inner },
      ]
      return (await writer.saveBlob('tree', Buffer.from(JSON.stringify({ nodes })))).id
    })
    const { problems } = await restore(indexed, tree)
    expect(problems).toEqual([expect.stringContaining('data.malformed')])
    expect(outside()).toEqual([])
  })
})

describe('links of the snapshot', () => {
  test('of one restore are not followed by the next', async () => {
    const { indexed } = await sample()
    const victim = join(folder, 'victim')
    mkdirSync(victim)
    writeFileSync(join(victim, 'file'), 'mine')
    const link = (to: string): SampleNode => new SampleNode({ type: 'symlink', linktarget: byteStringOf(to), content: null })
    const [first, second] = await indexed.write(async (writer) => [
      await saveFolder(writer, { dir: link(victim), file: link(join(victim, 'file')), pipe: link(join(victim, 'new')) }),
      await saveFolder(writer, { dir: { file: 'evil', new: 'evil' }, file: 'evil', pipe: new SampleNode({ type: 'fifo', content: null }) }),
    ])
    await restore(indexed, first)
    expect(readlinkSync(join(target, 'dir'))).toBe(victim)
    expect((await restore(indexed, second)).problems).toEqual([])
    expect(readFileSync(join(target, 'dir', 'file'), 'utf8')).toBe('evil')
    expect(outside()).toEqual(['victim', 'victim/file'])
    expect(readFileSync(join(victim, 'file'), 'utf8')).toBe('mine')
  })

  test('cannot be the first name of a file', async () => {
    const { indexed } = await sample()
    const victim = join(folder, 'victim')
    writeFileSync(victim, 'mine')
    const same = { inode: 5, device_id: 1, links: 2 }
    const tree = await indexed.write(async (writer) => {
      const { id } = await writer.saveBlob('data', Buffer.from('evil'))
      return saveFolder(writer, {
        a: new SampleNode({ ...same, type: 'symlink', linktarget: byteStringOf(victim), content: null }),
        b: file({ ...same, size: 4, content: [id] }),
        c: file({ ...same, size: 4, content: [id] }),
      })
    })
    expect((await restore(indexed, tree)).problems).toEqual([])
    expect(lstatSync(join(target, 'c')).ino).toBe(lstatSync(join(target, 'b')).ino)
    expect(readFileSync(victim, 'utf8')).toBe('mine')
  })

  test('that lead nowhere and unknown types are problems of their own', async () => {
    const { indexed } = await sample()
    const tree = await indexed.write((writer) =>
      saveFolder(writer, {
        'no target': new SampleNode({ type: 'symlink', content: null }),
        odd: new SampleNode({ type: 'irregular', content: null }),
        good: 'good',
      }),
    )
    const { problems } = await restore(indexed, tree)
    expect(problems.map((problem) => problem.split(' data.')[0]).sort()).toEqual(['/no target', '/odd'])
    expect(readFileSync(join(target, 'good'), 'utf8')).toBe('good')
  })
})

describe('claims that are not true', () => {
  test('a size beyond all bounds is not believed', async () => {
    const { indexed } = await sample()
    const tree = await indexed.write(async (writer) => {
      const { id } = await writer.saveBlob('data', Buffer.from('content'))
      return saveFolder(writer, { huge: file({ size: 2 ** 52, content: [id] }), none: file({ size: 2 ** 52 }) })
    })
    const { problems } = await restore(indexed, tree)
    expect(problems).toHaveLength(2)
    expect(readFileSync(join(target, 'huge'), 'utf8')).toBe('content')
    expect(lstatSync(join(target, 'none')).size).toBe(0)
  })

  test('a blob that is not there leaves what exists untouched', async () => {
    const { indexed } = await sample()
    const tree = await indexed.write((writer) =>
      saveFolder(writer, { lost: file({ size: 5, content: ['ab'.repeat(32) as BlobId] }), good: 'good' }),
    )
    mkdirSync(target, { recursive: true })
    writeFileSync(join(target, 'lost'), 'all that is left')
    const { problems } = await restore(indexed, tree)
    expect(problems).toEqual(['/lost data.missing Cannot restore /lost: 1 of its blobs are not in the index'])
    expect(readFileSync(join(target, 'lost'), 'utf8')).toBe('all that is left')
    expect(readFileSync(join(target, 'good'), 'utf8')).toBe('good')
  })

  test('a blob that is authentic but not the one its id means is not written', async () => {
    const { indexed, repository } = await sample()
    const id = 'ab'.repeat(32) as BlobId
    const longer = (await indexed.write((writer) => writer.saveBlob('data', Buffer.from('content')))).id
    await indexed.write(async (writer) => {
      await writer.saveSealedBlob({ type: 'data', id, uncompressedLength: 0 }, repository.sealer.seal(Buffer.from('evil')))
    })
    const tree = await indexed.write((writer) =>
      saveFolder(writer, { wrong: file({ size: 4, content: [id] }), good: file({ size: 7, content: [longer] }) }),
    )
    const { problems } = await restore(indexed, tree)
    expect(problems).toEqual([expect.stringMatching(/^\/wrong data\.damaged .*does not hash to its id$/)])
    expect(existsSync(join(target, 'wrong'))).toBe(false)
    expect(readFileSync(join(target, 'good'), 'utf8')).toBe('content')
  })

  test('a tree that is not there is a problem, and its folder is left alone', async () => {
    const { indexed } = await sample()
    const tree = await indexed.write((writer) =>
      saveFolder(writer, { lost: new SampleNode({ type: 'dir', subtree: 'ab'.repeat(32) as BlobId, content: null }), good: 'good' }),
    )
    mkdirSync(join(target, 'lost'), { recursive: true })
    writeFileSync(join(target, 'lost', 'mine'), '')
    const { problems } = await restore(indexed, tree, { removeExtraneous: true })
    expect(problems).toEqual([expect.stringContaining('/lost data.missing')])
    expect(existsSync(join(target, 'lost', 'mine'))).toBe(true)
    expect(readFileSync(join(target, 'good'), 'utf8')).toBe('good')
  })
})

describe.each(['memory', 'local'] as const)('damage in a %s storage', (kind) => {
  /** The files a and b, each in a pack of its own; that of a is stored `copies` times. The storage is the one to restore from. */
  async function damaged(
    copies: number,
    damage: (content: Uint8Array) => Uint8Array,
  ): Promise<{ indexed: IndexedRepository; tree: BlobId }> {
    const { repository, storage, indexed } = await sample()
    const blob = await indexed.write((writer) => writer.saveBlob('data', Buffer.alloc(100_000, 'a')))
    const [place] = indexed.index.findAll('data', blob.id)
    if (place === undefined) throw new Error('no blob')
    const pack = { kind: 'data', name: indexed.packs.idOf(place.pack) } as const
    const content = await storage.read(pack, 'all')
    if (copies > 1) {
      const entry = { type: 'data', id: blob.id, uncompressedLength: place.uncompressedLength } as const
      const sealed = Uint8Array.from(content.subarray(place.offset, place.offset + place.length))
      await indexed.write((writer) => writer.saveSealedBlob(entry, sealed))
    }
    storage.replaceFile(pack, damage(Uint8Array.from(content)))
    const tree = await indexed.write((writer) =>
      saveFolder(writer, { a: file({ size: 100_000, content: [blob.id] }), b: Buffer.alloc(50_000, 'b').toString() }),
    )
    if (kind === 'memory') return { indexed: await repository.loadIndex(), tree }
    return { indexed: await saved(repository, storage), tree }
  }

  async function saved(repository: OpenRepository, storage: MemoryStorage): Promise<IndexedRepository> {
    const local = await LocalStorage.open({ folder: join(folder, 'repository') })
    await local.prepare()
    for (const { file: ref, content } of storage.files.values()) {
      mkdirSync(join(folder, 'repository', layoutPath(ref), '..'), { recursive: true })
      writeFileSync(join(folder, 'repository', layoutPath(ref)), content)
    }
    const { OpenRepository: Repository } = await import('../../repository/open-repository.ts')
    const { config, keyId, masterKey, clock, identity } = repository
    return new Repository({ storage: local, config, keyId, masterKey, clock, identity }).loadIndex()
  }

  const flip = (content: Uint8Array): Uint8Array => content.map((byte, index) => (index === 20 ? byte ^ 1 : byte))
  const damages = { 'a flipped bit': flip, 'a pack that is cut': (content: Uint8Array) => content.subarray(0, 30) }

  test.each(Object.entries(damages))('%s is reported for the file that has it, and no other', async (_what, damage) => {
    const { indexed, tree } = await damaged(1, damage)
    const { problems, statistics } = await restore(indexed, tree)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(/^\/a (data\.damaged|storage\.range)/)
    expect(readFileSync(join(target, 'b'), 'utf8')).toBe('b'.repeat(50_000))
    expect(statistics.filesRestored).toBe(1)
    // Half a file must not look like a whole one to the next restore.
    if (existsSync(join(target, 'a'))) expect(lstatSync(join(target, 'a')).mtime.getFullYear()).not.toBe(2024)
  })

  test.each(Object.entries(damages))('%s does no harm where there is another copy', async (_what, damage) => {
    const { indexed, tree } = await damaged(2, damage)
    const { problems } = await restore(indexed, tree, { verify: true })
    expect(problems).toEqual([])
    expect(readFileSync(join(target, 'a'), 'utf8')).toBe('a'.repeat(100_000))
    expect(lstatSync(join(target, 'a')).mtime.getFullYear()).toBe(2024)
  })
})

describe('large and repetitive files', () => {
  test('a file of a quarter of a million blobs is restored in parts, also in place', async () => {
    const { indexed } = await sample()
    const tree = await indexed.write(async (writer) => {
      const a = (await writer.saveBlob('data', Buffer.from('a'))).id
      const b = (await writer.saveBlob('data', Buffer.from('b'))).id
      const content = Array.from({ length: 250_000 }, (_, index) => (index % 1000 === 0 ? b : a))
      return saveFolder(writer, { long: file({ size: 250_000, content }), other: 'other' })
    })
    const expected = Buffer.from(`b${'a'.repeat(999)}`.repeat(250))
    expect((await restore(indexed, tree, { verify: true })).problems).toEqual([])
    expect(readFileSync(join(target, 'long')).equals(expected)).toBe(true)
    expect(lstatSync(join(target, 'long')).mtime.getFullYear()).toBe(2024)
    const changed = Buffer.from(expected)
    changed[249_999] = 0
    writeFileSync(join(target, 'long'), changed)
    const { statistics } = await restore(indexed, tree)
    expect(readFileSync(join(target, 'long')).equals(expected)).toBe(true)
    expect(statistics.bytesRestored).toBe(250_000)
    const plan = await planRestore(indexed, { tree, target: byteStringOf(target) })
    expect(plan.statistics).toMatchObject({ bytesRestored: 0, bytesSkipped: 250_005 })
  })
})

test('what a restore will come to is counted before', async () => {
  const { indexed } = await sample()
  const tree = await indexed.write((writer) => saveFolder(writer, { a: { file: 'text', deeper: { other: 'more text' } }, b: 'x' }))
  const measure = await measureRestore(indexed, { tree })
  const { statistics } = await restore(indexed, tree)
  expect(measure).toEqual({ files: statistics.filesTotal, bytes: statistics.bytesTotal })
  const select = (path: ByteString): Selection => ({ selected: path.startsWith('/a/deeper'), childMayBeSelected: path.startsWith('/a') })
  expect(await measureRestore(indexed, { tree, select })).toEqual({ files: 2, bytes: 'more text'.length })
})

test('other work has its turn while it is counted what a restore will come to', async () => {
  const { indexed } = await sample()
  const files = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`file ${index}`, '']))
  const tree = await indexed.write((writer) => saveFolder(writer, { folder: files }))
  const enough = new AbortController()
  const select = (path: ByteString): Selection => {
    if (path === '/folder/file 0') setImmediate(() => enough.abort())
    return { selected: true, childMayBeSelected: true }
  }
  await expect(measureRestore(indexed, { tree, select }, enough)).rejects.toMatchObject({ name: 'AbortError' })
})

describe('the folders above what was backed up', () => {
  const source = byteStringOf('/home/ann')
  const withinSource = (path: ByteString): boolean => path === source || path.startsWith(`${source}/`)

  test('lose nothing that lies beside it, however much is selected', async () => {
    const { indexed } = await sample()
    const tree = await indexed.write((writer) => saveFolder(writer, { home: { ann: { sub: { file: 'x' } } } }))
    for (const place of ['home/ann/sub', 'home/ben']) {
      mkdirSync(join(target, place), { recursive: true })
      writeFileSync(join(target, place, 'mine'), '')
    }
    const { statistics } = await restore(indexed, tree, { removeExtraneous: true, removesIn: withinSource })
    expect(existsSync(join(target, 'home/ann/sub/mine'))).toBe(false)
    expect(existsSync(join(target, 'home/ben/mine'))).toBe(true)
    expect(statistics.filesRemoved).toBe(1)
  })

  test('stay as they are where they are only the way, if that is asked for', async () => {
    const { indexed } = await sample()
    const tree = await indexed.write((writer) => saveFolder(writer, { home: { ann: { file: 'x' } } }))
    mkdirSync(join(target, 'home'), { recursive: true, mode: 0o700 })
    chmodSync(join(target, 'home'), 0o711)
    const select = (path: ByteString): Selection => ({ selected: withinSource(path), childMayBeSelected: true })
    await restore(indexed, tree, { keepsWays: true, select })
    expect(lstatSync(join(target, 'home')).mode & 0o777).toBe(0o711)
    expect(Math.floor(lstatSync(join(target, 'home/ann')).mtimeMs)).toBe(Date.parse(SAMPLE_TIME))
    await restore(indexed, tree, { select })
    expect(lstatSync(join(target, 'home')).mode & 0o777).not.toBe(0o711)
  })

  test('are not put in the place of links that lead there', async () => {
    const { indexed } = await sample()
    const tree = await indexed.write((writer) => saveFolder(writer, { home: { ann: { file: 'x' } } }))
    mkdirSync(join(target, 'disk', 'ben'), { recursive: true })
    symlinkSync('disk', join(target, 'home'))
    const ways = { keepsWays: true, ...selectPaths([source]) }
    expect((await restore(indexed, tree, ways)).problems).toEqual([])
    expect(readFileSync(join(target, 'disk/ann/file'), 'utf8')).toBe('x')
    expect(existsSync(join(target, 'home/ben'))).toBe(true)
    await restore(indexed, tree, selectPaths([source]))
    expect(lstatSync(join(target, 'home')).isSymbolicLink()).toBe(false)
  })

  test.runIf(process.getuid?.() === 0)('and nothing goes where a link of somebody else leads, nor one to nowhere', async () => {
    const { indexed } = await sample()
    const tree = await indexed.write((writer) => saveFolder(writer, { home: { ann: { file: 'x' } } }))
    mkdirSync(join(target, 'disk'), { recursive: true })
    for (const [place, owner, holder, mode] of [
      ['disk', 1234, 0, 0o755],
      ['nowhere', 0, 0, 0o755],
      // Whoever may rename there may have moved a link of root there.
      ['disk', 0, 1234, 0o755],
      ['disk', 0, 0, 0o777],
    ] as const) {
      lchownSync(target, holder, holder)
      chmodSync(target, mode)
      symlinkSync(place, join(target, 'home'))
      lchownSync(join(target, 'home'), owner, owner)
      const { problems } = await restore(indexed, tree, { keepsWays: true, ...selectPaths([source]) })
      expect(problems.join()).toContain('a link is there')
      expect([lstatSync(join(target, 'home')).isSymbolicLink(), readdirSync(join(target, 'disk'))]).toEqual([true, []])
      rmSync(join(target, 'home'))
    }
  })
})

test('a request that would empty the whole machine is refused', async () => {
  const { indexed } = await sample()
  const tree = 'ab'.repeat(32) as BlobId
  const everything = { tree, target: byteStringOf('/'), removeExtraneous: true }
  // Of a machine that was backed up as a whole, what was left out is not in the snapshot, nor what other file systems hold.
  for (const more of [{}, { removesIn: () => true }, { removesIn: () => true, ...selectPaths([byteStringOf('/')]) }]) {
    await expect(planRestore(indexed, { ...everything, ...more })).rejects.toMatchObject({ code: 'input.invalid' })
  }
})

test('a folder that cannot be made is a problem for everything in it', async () => {
  const { indexed } = await sample()
  const tree = await indexed.write((writer) => saveFolder(writer, { folder: { a: 'a' }, good: 'good' }))
  mkdirSync(target, { recursive: true })
  // A name that is too long by what is above it: the system refuses it whoever asks.
  const deep = join(target, `${'x'.repeat(250)}/`.repeat(17))
  const { problems } = await restore(indexed, tree, { target: byteStringOf(deep) })
  expect(problems.length).toBeGreaterThan(0)
  expect(problems[0]).toContain('target.failed')
  expect(problems[0]).toContain('name too long')
})
