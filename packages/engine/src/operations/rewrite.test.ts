import { describe, expect, it } from 'vitest'
import { byteStringOf, displayText } from '../format/byte-string.ts'
import type { BlobId } from '../format/ids.ts'
import type { StoredSnapshot } from '../format/snapshot.ts'
import type { Timestamp } from '../format/timestamp.ts'
import type { IndexedRepository } from '../repository/indexed-repository.ts'
import { loadSnapshots } from '../snapshots/load-snapshots.ts'
import { saveSnapshot } from '../snapshots/save-snapshot.ts'
import { type FolderSpec, SAMPLE_TIME, SampleNode, sampleRepository, saveSample } from '../testing/sample-snapshots.ts'
import { catBlob, catFile } from './cat.ts'
import { listSnapshot } from './list.ts'
import { compilePathFilter, type PathFilter } from './path-filter.ts'
import { type RewriteOptions, rewriteSnapshot } from './rewrite.ts'

const FOLDER: FolderSpec = {
  a: { keep: 'keep', 'drop.tmp': 'drop', sub: { 'x.tmp': 'x' } },
  b: { file: 'untouched' },
  'c.tmp': 'gone',
}

describe('rewriteSnapshot', () => {
  it('drops what is excluded and keeps the rest as it is', async () => {
    const { indexed, snapshot } = await stored(FOLDER)
    const before = await indexed.readTree(snapshot.tree)
    const dropped: string[] = []
    const outcome = await rewriteSnapshot(indexed, snapshot, {
      excludes: filter('*.tmp'),
      onDropped: (_snapshot, path) => dropped.push(displayText(path)),
    })
    expect(dropped.sort()).toEqual(['/a/drop.tmp', '/a/sub/x.tmp', '/c.tmp'])
    const [first, second] = await loadSnapshots(indexed.repository)
    const rewritten = first?.id === snapshot.id ? second : first
    expect(outcome).toMatchObject({ kind: 'rewritten', id: rewritten?.id })
    expect(rewritten).toMatchObject({ original: snapshot.id, tags: ['rewrite'], time: SAMPLE_TIME, paths: snapshot.paths })
    expect(rewritten?.summary).toMatchObject({ total_files_processed: 2, total_bytes_processed: 13, files_new: 0 })
    expect(await paths(indexed, rewritten?.tree)).toEqual(['/a', '/a/keep', '/a/sub', '/b', '/b/file'])
    const after = await indexed.readTree(rewritten?.tree ?? snapshot.tree)
    expect(after.nodes[1]).toEqual(before.nodes[1])
  })

  it('leaves snapshots untouched that do not change', async () => {
    const { indexed, snapshot } = await stored(FOLDER)
    for (const options of [{ excludes: filter('nothing') }, { includes: filter('nothing') }, { includes: filter('/') }]) {
      expect(await rewriteSnapshot(indexed, snapshot, options)).toEqual({ kind: 'unchanged' })
    }
    expect(await loadSnapshots(indexed.repository)).toEqual([snapshot])
    await expect(rewriteSnapshot(indexed, snapshot, {})).rejects.toMatchObject({ code: 'input.invalid' })
  })

  it('keeps only what is included', async () => {
    const { indexed, snapshot } = await stored(FOLDER)
    const outcome = await rewriteSnapshot(indexed, snapshot, { includes: filter('/a/sub', '/b/nothing') })
    expect(outcome.kind === 'rewritten' && (await paths(indexed, outcome.snapshot.tree))).toEqual(['/a', '/a/sub', '/a/sub/x.tmp'])
  })

  it('changes metadata, and removes the former snapshot with forget', async () => {
    const { indexed, snapshot } = await stored(FOLDER)
    const newTime = '2020-02-02T02:02:02Z' as Timestamp
    await rewriteSnapshot(indexed, snapshot, { newHost: 'gamma', newTime, forget: true })
    const [only, ...others] = await loadSnapshots(indexed.repository)
    expect(others).toEqual([])
    expect(only).toMatchObject({ hostname: 'gamma', time: newTime, tree: snapshot.tree, original: snapshot.id })
    expect(only?.tags).toBeUndefined()
  })

  it('makes a summary when it is asked to, once', async () => {
    const { indexed, snapshot } = await stored(FOLDER)
    const outcome = await rewriteSnapshot(indexed, snapshot, { snapshotSummary: true, forget: true })
    expect(outcome).toMatchObject({ snapshot: { summary: { total_files_processed: 5, total_bytes_processed: 22 } } })
    const [only] = await loadSnapshots(indexed.repository)
    expect(only && (await rewriteSnapshot(indexed, only, { snapshotSummary: true }))).toEqual({ kind: 'unchanged' })
  })

  it('changes nothing in a dry run but says the same', async () => {
    const { indexed, snapshot } = await stored(FOLDER)
    const blobs = indexed.index.size
    const options: RewriteOptions = { excludes: filter('*.tmp'), forget: true }
    const dry = await rewriteSnapshot(indexed, snapshot, { ...options, dryRun: true })
    expect(indexed.index.size).toBe(blobs)
    expect(await loadSnapshots(indexed.repository)).toEqual([snapshot])
    const real = await rewriteSnapshot(indexed, snapshot, options)
    expect(real.kind === 'rewritten' && real.snapshot).toEqual(dry.kind === 'rewritten' && dry.snapshot)
  })

  it('takes over fields that this program does not know', async () => {
    const { indexed, snapshot } = await storedTree((file) => [
      `{"name":"a","type":"file","future":{"x":[1,{"y":"}\\"]"}]},"content":["${file}"]}`,
      `{"name":"b","type":"file","content":[]}`,
    ])
    const outcome = await rewriteSnapshot(indexed, snapshot, { excludes: filter('b') })
    const content = outcome.kind === 'rewritten' ? await catBlob(indexed, outcome.snapshot.tree) : Buffer.alloc(0)
    expect(content.toString()).toMatch(
      /^\{"nodes":\[\{"name":"a","type":"file","future":\{"x":\[1,\{"y":"\}\\"\]"\}\]\},"content":\["[0-9a-f]{64}"\]\}\]\}\n$/,
    )
  })

  it('refuses trees that it cannot take apart without loss', async () => {
    const { indexed, snapshot } = await storedTree(
      () => ['{"name":"a","type":"file","content":[]}', '{"name":"b","type":"file","content":[]}'],
      {
        start: '{"future":1,"nodes":[',
      },
    )
    await expect(rewriteSnapshot(indexed, snapshot, { excludes: filter('b') })).rejects.toMatchObject({ code: 'data.malformed' })
  })

  it('ends at a folder that is lost', async () => {
    const { indexed, snapshot } = await stored({ a: new SampleNode({ type: 'dir', subtree: '5'.repeat(64) as BlobId }), b: 'b' })
    await expect(rewriteSnapshot(indexed, snapshot, { excludes: filter('b') })).rejects.toMatchObject({ code: 'data.missing' })
    expect(await loadSnapshots(indexed.repository)).toEqual([snapshot])
  })
})

describe('catFile', () => {
  it('shows documents as JSON and packs as they are', async () => {
    const { indexed, snapshot } = await stored(FOLDER)
    const { repository } = indexed
    const config = await catFile(repository, { kind: 'config' })
    expect(JSON.parse(config.content.toString())).toEqual(repository.config)
    const key = await catFile(repository, { kind: 'masterkey' })
    expect(Buffer.from(JSON.parse(key.content.toString()).encrypt, 'base64')).toEqual(Buffer.from(repository.masterKey.encrypt))
    const shown = await catFile(repository, { kind: 'snapshot', id: snapshot.id.slice(0, 8) })
    expect(JSON.parse(shown.content.toString())).toMatchObject({ tree: snapshot.tree })
    const index = await catFile(repository, { kind: 'index', id: indexed.indexIds[0] ?? '' })
    expect(JSON.parse(index.content.toString()).packs).toHaveLength(2)
    const pack = await catFile(repository, { kind: 'pack', id: indexed.packs.idOf(0) })
    expect(pack.isDamaged).toBe(false)
    await expect(catFile(repository, { kind: 'lock', id: 'abcd' })).rejects.toMatchObject({ code: 'storage.not-found' })
    await expect(catFile(repository, { kind: 'lock', id: '../../etc' })).rejects.toMatchObject({ code: 'input.invalid' })
  })
})

async function stored(folder: FolderSpec): Promise<{ indexed: IndexedRepository; snapshot: StoredSnapshot }> {
  const repository = await sampleRepository()
  const snapshot = await saveSample(repository, folder)
  return { indexed: await repository.loadIndex(), snapshot }
}

/** A snapshot of a tree that is written by hand. */
async function storedTree(
  nodesFor: (file: BlobId) => readonly string[],
  options: { readonly start?: string } = {},
): Promise<{ indexed: IndexedRepository; snapshot: StoredSnapshot }> {
  const indexed = await (await sampleRepository()).loadIndex()
  const tree = await indexed.write(async (writer) => {
    const file = await writer.saveBlob('data', Buffer.from('content'))
    return (await writer.saveBlob('tree', Buffer.from(`${options.start ?? '{"nodes":['}${nodesFor(file.id).join(',')}]}\n`))).id
  })
  const fields = { time: SAMPLE_TIME, tree, paths: ['/'] }
  return { indexed, snapshot: { ...fields, id: await saveSnapshot(indexed.repository, fields) } }
}

function filter(...patterns: readonly string[]): PathFilter {
  return compilePathFilter(patterns.map(byteStringOf))
}

async function paths(indexed: IndexedRepository, tree: BlobId | undefined): Promise<string[]> {
  const nodes = tree === undefined ? [] : await Array.fromAsync(listSnapshot(indexed, tree))
  return nodes.map(({ path }) => displayText(path))
}
