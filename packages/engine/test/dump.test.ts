import { execFileSync } from 'node:child_process'
import { createWriteStream, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { byteStringOf } from '../src/format/byte-string.ts'
import type { BlobId } from '../src/format/ids.ts'
import { dumpTar, dumpZip } from '../src/operations/dump/dump-archive.ts'
import { contentBytes, dumpFile } from '../src/operations/dump/dump-file.ts'
import type { IndexedRepository } from '../src/repository/indexed-repository.ts'
import { loadSnapshots } from '../src/snapshots/load-snapshots.ts'
import { findNode, findSubtree } from '../src/snapshots/tree-walker.ts'
import { type FileFacts, manifestOf } from '../src/testing/file-manifest.ts'
import { MemoryStorage } from '../src/testing/memory-storage.ts'
import { makeOddTree } from '../src/testing/odd-tree.ts'
import { resticBinaries } from '../src/testing/restic.ts'
import { sampleRepository, saveFolder } from '../src/testing/sample-snapshots.ts'
import { ResticWorkbench } from './restic-workbench.ts'

const [, current = resticBinaries()[0]] = resticBinaries()
if (current === undefined) throw new Error('no restic')
const bench = new ResticWorkbench(current)
const source = bench.path('source')
let indexed: IndexedRepository
let root: BlobId

beforeAll(async () => {
  await makeOddTree(source)
  bench.init('dump')
  bench.run('dump', ['backup', 'source'])
  indexed = await (await bench.open('dump')).loadIndex()
  const [snapshot] = await loadSnapshots(indexed.repository)
  if (snapshot === undefined) throw new Error('no snapshot')
  root = snapshot.tree
})
afterAll(() => bench[Symbol.dispose]())

async function save(chunks: AsyncIterable<Uint8Array>, name: string): Promise<string> {
  await pipeline(Readable.from(chunks), createWriteStream(bench.path(name)))
  return bench.path(name)
}

/** What an archive can hold of a manifest: no special files, each name a file of its own. */
function archived(folder: string, without: readonly string[] = []): Record<string, FileFacts> {
  const facts: Record<string, FileFacts> = {}
  for (const [path, { sameAs: _sameAs, ...others }] of manifestOf(folder)) {
    if (!['file', 'dir', 'symlink'].includes(others.type ?? '')) continue
    facts[path] = Object.fromEntries(Object.entries(others).filter(([name]) => !without.includes(name)))
  }
  return facts
}

function unpack(archive: string, folder: string): string {
  mkdirSync(bench.path(folder))
  execFileSync('tar', ['--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner', '-xpf', archive, '-C', bench.path(folder)])
  return bench.path(folder)
}

describe('a file', () => {
  test('is given whole, in blobs', async () => {
    const node = await findNode(indexed, root, { path: byteStringOf('source/large') })
    const chunks = await Array.fromAsync(dumpFile(indexed, node?.content ?? []))
    expect(Buffer.concat(chunks).equals(readFileSync(join(source, 'large')))).toBe(true)
    expect(contentBytes(indexed, node?.content ?? [])).toBe(5_000_000)
  })

  test.each([
    [0, 0],
    [0, 1],
    [4_999_999, 1],
    [1_234_567, 2_345_678],
    [0, 5_000_000],
    [4_000_000, 9_000_000],
  ])('is given from byte %d on, %d bytes', async (offset, length) => {
    const node = await findNode(indexed, root, { path: byteStringOf('source/large') })
    const chunks = await Array.fromAsync(dumpFile(indexed, node?.content ?? [], { range: { offset, length } }))
    expect(Buffer.concat(chunks).equals(readFileSync(join(source, 'large')).subarray(offset, offset + length))).toBe(true)
  })

  test('that nobody takes to its end leaves nothing running', async () => {
    const node = await findNode(indexed, root, { path: byteStringOf('source/sparse') })
    for await (const chunk of dumpFile(indexed, node?.content ?? [])) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
  })

  test('whose blob is lost ends with an error', async () => {
    const lost = ['cd'.repeat(32) as BlobId]
    await expect(Array.fromAsync(dumpFile(indexed, lost))).rejects.toMatchObject({ code: 'data.missing' })
    expect(() => contentBytes(indexed, lost)).toThrow('the index does not have it')
  })
})

describe('a tar archive', () => {
  test('unpacks to what was backed up', async () => {
    const tree = await findSubtree(indexed, root, { subfolder: 'source' })
    const unpacked = unpack(await save(dumpTar(indexed, tree), 'ours.tar'), 'unpacked')
    // GNU tar takes an empty attribute for none.
    const withoutEmpty = (facts: Record<string, FileFacts>): unknown => JSON.parse(JSON.stringify(facts).replaceAll('user.empty= ', ''))
    expect(withoutEmpty(archived(unpacked))).toEqual(withoutEmpty(archived(source)))
  })

  test('has the entries that restic gives it, below the same folder', async () => {
    bench.run('dump', ['dump', 'latest', '/source/deep', '--target', bench.path('restic.tar')])
    const tree = await findSubtree(indexed, root, { subfolder: 'source/deep' })
    const ours = await save(dumpTar(indexed, tree, { rootPath: byteStringOf('/source/deep') }), 'deep.tar')
    const list = (archive: string): string => execFileSync('tar', ['-tf', archive], { encoding: 'utf8' })
    expect(list(ours)).toBe(list(bench.path('restic.tar')))
    expect(list(ours)).toContain('source/deep/another hard link')
    const byUs = unpack(ours, 'deep by us')
    const byRestic = unpack(bench.path('restic.tar'), 'deep by restic')
    // restic rounds times to seconds.
    expect(archived(byUs, ['modified'])).toEqual(archived(byRestic, ['modified']))
  })

  test('of some paths holds these, what is below, and the folders on the way', async () => {
    const repository = await sampleRepository({ storage: new MemoryStorage() })
    const sample = await repository.loadIndex()
    const folder = { a: { deep: { x: '1', y: '2' }, other: '3' }, ab: 'no', b: 'yes', c: { d: 'no' } }
    const tree = await sample.write((writer) => saveFolder(writer, folder))
    const archive = await save(
      dumpTar(sample, tree, { rootPath: byteStringOf('/r'), paths: ['/a/deep', '/b'].map(byteStringOf) }),
      'some.tar',
    )
    const names = execFileSync('tar', ['-tf', archive], { encoding: 'utf8' }).trim().split('\n')
    expect(names).toEqual(['r/a/', 'r/a/deep/', 'r/a/deep/x', 'r/a/deep/y', 'r/b'])
  })

  test.each(['..', 'a/b'])('refuses the name %j', async (name) => {
    const repository = await sampleRepository({ storage: new MemoryStorage() })
    const sample = await repository.loadIndex()
    const tree = await sample.write((writer) => saveFolder(writer, { [name]: 'evil' }))
    await expect(Array.fromAsync(dumpTar(sample, tree))).rejects.toMatchObject({ code: 'target.unsafe' })
    await expect(Array.fromAsync(dumpZip(sample, tree))).rejects.toMatchObject({ code: 'target.unsafe' })
  })
})

describe('a zip archive', () => {
  const script = `
import sys, zipfile, hashlib, json
with zipfile.ZipFile(sys.argv[1]) as z:
  assert z.testzip() is None
  print(json.dumps([[i.filename, i.external_attr >> 16, i.file_size, hashlib.sha256(z.read(i)).hexdigest()] for i in z.infolist()]))
`

  test('holds names, modes and contents', async () => {
    const plain = bench.path('plain')
    rmSync(plain, { recursive: true, force: true })
    mkdirSync(join(plain, 'folder'), { recursive: true })
    writeFileSync(join(plain, 'folder', 'ünïcödé'), Buffer.alloc(3_000_000, 'text '))
    writeFileSync(join(plain, 'c:drive'), 'x')
    for (const odd of ['\xfe', '\xff', '%FF', '\\']) writeFileSync(Buffer.from(join(plain, `odd${odd}`), 'latin1'), odd)
    writeFileSync(join(plain, 'empty'), '')
    execFileSync('ln', ['-s', 'folder', join(plain, 'link')])
    bench.init('zip')
    bench.run('zip', ['backup', 'plain'])
    const zipped = await (await bench.open('zip')).loadIndex()
    const [snapshot] = await loadSnapshots(zipped.repository)
    const tree = await findSubtree(zipped, snapshot?.tree ?? root, { subfolder: 'plain' })
    const archive = await save(dumpZip(zipped, tree), 'ours.zip')
    const entries = JSON.parse(execFileSync('python3', ['-c', script, archive], { encoding: 'utf8' })) as [string, number, number, string][]
    const names = entries.map(([name]) => name)
    const odd = ['odd%FF', 'odd%5C', 'odd%FE', 'odd%FF (2)']
    expect(names).toEqual(['c%3Adrive', 'empty', 'folder/', 'folder/ünïcödé', 'link', ...odd])
    for (const [name, mode, size] of entries.filter(([one]) => !odd.includes(one))) {
      const status = lstatSync(join(plain, name.replace('%3A', ':').replace(/\/$/, '')))
      expect(mode, name).toBe(status.mode)
      if (status.isFile()) expect(size).toBe(status.size)
    }
  })

  test('that nobody takes to its end leaves nothing running', async () => {
    const tree = await findSubtree(indexed, root, { subfolder: 'source' })
    for await (const chunk of dumpZip(indexed, tree)) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
  })

  test('of the odd tree is sound', async () => {
    const archive = await save(dumpZip(indexed, root), 'odd.zip')
    const entries = JSON.parse(execFileSync('python3', ['-c', script, archive], { encoding: 'utf8' })) as unknown[]
    expect(entries.length).toBe(Object.keys(archived(source)).length + 1)
  })
})
