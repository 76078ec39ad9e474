import { hash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BlobId, PackId } from '../../format/ids.ts'
import { OpenRepository } from '../../repository/open-repository.ts'
import { saveSnapshot } from '../../snapshots/save-snapshot.ts'
import { LocalStorage } from '../../storage/local/local-storage.ts'
import { layoutPath, type Storage } from '../../storage/storage.ts'
import { FaultyStorage } from '../../testing/faulty-storage.ts'
import { MemoryStorage } from '../../testing/memory-storage.ts'
import { SAMPLE_TIME, SampleNode, sampleRepository, saveFolder, saveSample } from '../../testing/sample-snapshots.ts'
import { type CheckOptions, type CheckReport, checkRepository } from './check.ts'
import type { Finding } from './findings.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-check-'))
const MISSING = hash('sha256', 'missing', 'hex') as BlobId

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('check of a large repository, in threads', () => {
  const memory = new MemoryStorage()
  let local: OpenRepository
  let packs: readonly PackId[] = []

  beforeAll(async () => {
    const storage = await LocalStorage.open({ folder: join(folder, 'large') })
    local = await sampleRepository({ storage })
    await saveLarge(local)
    for (const kind of ['keys', 'index', 'snapshots', 'data', 'config'] as const) {
      for await (const { name } of storage.list(kind))
        memory.replaceFile({ kind, name }, readFileSync(join(folder, 'large', layoutPath({ kind, name }))))
    }
    const listed = await Array.fromAsync(storage.list('data'))
    // Packs of data first, so that damage to the first one costs a file.
    packs = listed.sort((a, b) => b.sizeBytes - a.sizeBytes).map(({ name }) => name as PackId)
  })

  it('reads local files by itself', async () => {
    const { report, findings } = await checked(local)
    expect(findings).toEqual([])
    expect(report.packsRead).toBe(packs.length)
    expect(report.bytesRead).toBeGreaterThan(6 * 1024 * 1024)
  })

  it('gets what it cannot read by itself from here', async () => {
    const { report, findings } = await checked(over(memory))
    expect(findings).toEqual([])
    expect(report.packsRead).toBe(packs.length)
  })

  it('finds damage either way', async () => {
    const [pack] = packs
    if (pack === undefined) throw new Error('there is no pack')
    const file = { kind: 'data', name: pack } as const
    const content = Buffer.from(await memory.read(file, 'all'))
    content[5000] = (content[5000] ?? 0) ^ 1
    const damaged = new MemoryStorage()
    for (const { file: each, content: bytes } of memory.files.values()) damaged.replaceFile(each, bytes)
    damaged.replaceFile(file, content)
    const copy = await LocalStorage.open({ folder: join(folder, 'damaged') })
    for (const { file: each, content: bytes } of damaged.files.values()) await copy.write(each, bytes)
    for (const repository of [over(damaged), over(copy)]) {
      const { report } = await checked(repository)
      expect(report.damagedPacks).toEqual([pack])
      expect(report.counts).toEqual(
        new Map([
          ['pack.damaged', 1],
          ['blob.damaged', 1],
        ]),
      )
      expect(report.affected).toMatchObject([{ paths: [expect.stringMatching(/^\/file-\d$/)], isCut: false }])
      expect(report.remedies).toEqual(['repair-packs', 'repair-snapshots'])
    }
  })

  it('goes on when a pack cannot be had, and says so', async () => {
    const [pack] = packs
    const failing = new FaultyStorage(memory, {
      fault: ({ operation, name }) => (operation === 'read' && name === pack ? 'fail' : undefined),
    })
    const { report } = await checked(over(failing), { readData: 'all' })
    expect(report.counts.get('pack.unreadable')).toBe(1)
    expect(report.packsRead).toBe(packs.length)
    expect(report.remedies).toContain('retry')
  })

  it('tells a passing fault from damage', async () => {
    let reads = 0
    const [pack] = packs
    const fault: ConstructorParameters<typeof FaultyStorage>[1]['fault'] = ({ operation, name }) =>
      operation === 'read' && name === pack && ++reads === 1 ? 'flip' : undefined
    const { report } = await checked(over(new FaultyStorage(memory, { fault })))
    expect(report.counts).toEqual(new Map([['pack.unsteady', 1]]))
    expect(report.damagedPacks).toEqual([])
  })

  it('ends when it is cancelled', async () => {
    const controller = new AbortController()
    const options: CheckOptions = {
      readData: 'all',
      signal: controller.signal,
      onProgress: ({ step }) => step === 'packs' && controller.abort(new Error('enough')),
    }
    for (const repository of [local, over(memory)]) await expect(checkRepository(repository, options)).rejects.toThrow('enough')
  })

  function over(storage: Storage): OpenRepository {
    return new OpenRepository({ ...local, storage })
  }
})

describe('check of what snapshots hold', () => {
  it('names what makes no sense', async () => {
    const repository = await sampleRepository()
    await saveSample(repository, {
      a: new SampleNode({ type: 'irregular' }),
      b: new SampleNode({ type: 'dir' }),
      c: new SampleNode({ type: 'dir', subtree: MISSING }),
      d: new SampleNode({ content: null }),
      e: new SampleNode({ content: [MISSING, MISSING] }),
      '..': new SampleNode({ type: 'symlink' }),
      fine: 'fine',
    })
    const { report, findings } = await checked(repository)
    expect(findings.map(({ kind }) => kind).sort()).toEqual([
      'content.missing',
      'node.invalid',
      'node.invalid',
      'node.invalid',
      'node.invalid',
      'tree.damaged',
    ])
    expect(report.affected).toMatchObject([{ paths: ['/b', '/c', '/e'] }])
    expect(report.remedies).toEqual(['repair-snapshots'])
  })

  it('takes a file of another size than its content for a hint', async () => {
    const repository = await sampleRepository()
    await saveSample(repository, { a: 'text', b: new SampleNode({ content: [hash('sha256', 'text', 'hex') as BlobId], size: 5 }) })
    const { report, findings } = await checked(repository)
    expect(report).toMatchObject({ errorCount: 0, hintCount: 1 })
    expect(findings[0]?.message).toContain('has 4 bytes of content and a size of 5')
  })

  it('reports what nobody needs if asked to', async () => {
    const repository = await sampleRepository()
    await saveSample(repository, { a: 'text' })
    await (await repository.loadIndex()).write((writer) => writer.saveBlob('data', Buffer.from('unused')))
    expect((await checked(repository)).findings).toEqual([])
    const { findings } = await checked(repository, { unused: true })
    expect(findings).toMatchObject([{ kind: 'blob.unused', severity: 'hint', blob: { type: 'data', id: hash('sha256', 'unused', 'hex') } }])
  })

  it('finds a lock that cannot be read', async () => {
    const storage = new MemoryStorage()
    const repository = await sampleRepository({ storage })
    storage.replaceFile({ kind: 'locks', name: MISSING }, randomBytes(80))
    expect((await checked(repository)).report.counts).toEqual(new Map([['lock.damaged', 1]]))
  })
})

async function checked(
  repository: OpenRepository,
  options: CheckOptions = { readData: 'all' },
): Promise<{ report: CheckReport; findings: Finding[] }> {
  const findings: Finding[] = []
  const report = await checkRepository(repository, { ...options, onFinding: (finding) => findings.push(finding) })
  return { report, findings }
}

/** Several packs of noise, one file to each blob. */
async function saveLarge(repository: OpenRepository): Promise<void> {
  const indexed = await repository.loadIndex()
  const tree = await indexed.write(
    async (writer) => {
      const files: Record<string, SampleNode> = {}
      for (let file = 0; file < 7; file++) {
        const { id } = await writer.saveBlob('data', randomBytes(1024 * 1024))
        files[`file-${file}`] = new SampleNode({ content: [id], size: 1024 * 1024 })
      }
      return saveFolder(writer, files)
    },
    { packSizeBytes: 2 * 1024 * 1024 },
  )
  await saveSnapshot(repository, { time: SAMPLE_TIME, tree, paths: ['/large'], hostname: 'alpha' })
}
