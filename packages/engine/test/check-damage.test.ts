import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isEngineError } from '../src/errors.ts'
import { type CheckReport, checkRepository } from '../src/operations/check/check.ts'
import type { Finding } from '../src/operations/check/findings.ts'
import type { OpenRepository } from '../src/repository/open-repository.ts'
import type { FileRef } from '../src/storage/storage.ts'
import type { MemoryStorage } from '../src/testing/memory-storage.ts'
import { resticBinaries } from '../src/testing/restic.ts'
import { cloneStorage, contentOf, filesOf, loadIntoMemory, openLab, RepositoryLab, reopen } from './repository-lab.ts'

const lab = new RepositoryLab()
const repositories = new Map<string, { sound: MemoryStorage; repository: OpenRepository }>()

beforeAll(async () => {
  for (const binary of resticBinaries()) {
    for (const version of ['1', '2']) {
      const name = `${binary.name}-v${version}`
      lab.restic(binary, name, ['init', '--repository-version', version])
      for (const round of [1, 2, 3]) {
        for (const file of ['a', 'b/c', 'b/d/e']) lab.write(`round-${round}/${file}-${round}`, randomBytes(round * 3000).toString('hex'))
        lab.restic(
          binary,
          name,
          ['backup', '.', '--host', 'lab'].map((arg) => (arg === '.' ? lab.source : arg)),
        )
      }
      const sound = loadIntoMemory(lab.path(name))
      repositories.set(name, { sound, repository: await openLab(sound) })
    }
  }
})

afterAll(() => lab.dispose())

/** Ways to spoil a file, by name; undefined removes it. */
const DAMAGES: Readonly<Record<string, (content: Buffer) => Buffer | undefined>> = {
  'a bit flipped in the first byte': (content) => flipped(content, 0),
  'a bit flipped in the nonce': (content) => flipped(content, 13),
  'a bit flipped in the middle': (content) => flipped(content, content.length >> 1),
  'a bit flipped in the header or MAC': (content) => flipped(content, content.length - 10),
  'a bit flipped in the length or last byte': (content) => flipped(content, content.length - 1),
  'a bit flipped in the length below': (content) => flipped(content, content.length - 4),
  'cut by one byte': (content) => content.subarray(0, -1),
  'cut in half': (content) => content.subarray(0, content.length >> 1),
  'cut to nothing': (content) => content.subarray(0, 0),
  'a byte appended': (content) => Buffer.concat([content, Buffer.of(0)]),
  'a copy of itself appended': (content) => Buffer.concat([content, content]),
  'replaced by zeros': (content) => Buffer.alloc(content.length),
  'replaced by noise': (content) => randomBytes(content.length),
  removed: () => undefined,
}

describe.each(['installed-v1', 'installed-v2', 'current-v1', 'current-v2'])('check of %s', (name) => {
  it('finds nothing in a sound repository', async () => {
    const { report, findings } = await checked(name, () => undefined)
    expect(findings).toEqual([])
    expect(report).toMatchObject({ errorCount: 0, hintCount: 0, remedies: [], affected: [], isComplete: true, snapshotCount: 3 })
    expect(report.packsRead).toBe(filesOf(soundOf(name), 'data').length)
  })

  it.each(Object.keys(DAMAGES))('finds every file of every kind %s', async (damage) => {
    for (const kind of ['keys', 'index', 'snapshots', 'data'] as const) {
      for (const file of filesOf(soundOf(name), kind)) {
        const spoil = DAMAGES[damage]
        if (damage === 'removed' && (kind === 'keys' || kind === 'snapshots')) continue
        const { report, findings } = await checked(name, (storage) => storage.replaceFile(file, spoil?.(contentOf(storage, file))))
        const where = `${kind}/${file.name}`
        expect(report.errorCount, where).toBeGreaterThan(0)
        if (damage !== 'removed' || kind === 'data')
          expect(
            findings.some((finding) => isAbout(finding, file)),
            where,
          ).toBe(true)
      }
    }
  })

  it('finds files that have each other as names', async () => {
    for (const kind of ['index', 'snapshots', 'data'] as const) {
      const [one, other] = filesOf(soundOf(name), kind)
      if (one === undefined || other === undefined) throw new Error('there is too little to swap')
      const { findings } = await checked(name, (storage) => {
        const [first, second] = [contentOf(storage, one), contentOf(storage, other)]
        storage.replaceFile(one, second)
        storage.replaceFile(other, first)
      })
      for (const file of [one, other])
        expect(
          findings.some((finding) => isAbout(finding, file)),
          file.name,
        ).toBe(true)
    }
  })

  it('finds a file of another name that holds the same', async () => {
    for (const kind of ['keys', 'index', 'snapshots'] as const) {
      const [file] = filesOf(soundOf(name), kind)
      if (file === undefined) throw new Error('there is too little to copy')
      const copy = { kind, name: createHash('sha256').update(file.name).digest('hex') }
      const { findings } = await checked(name, (storage) => storage.replaceFile(copy, contentOf(storage, file)))
      expect(
        findings.some((finding) => isAbout(finding, copy)),
        kind,
      ).toBe(true)
    }
  })

  it('finds every byte of a small pack that is changed, in whatever field it is', async () => {
    const file = filesOf(soundOf(name), 'data').sort((a, b) => contentOf(soundOf(name), a).length - contentOf(soundOf(name), b).length)[0]
    if (file === undefined) throw new Error('there is no pack')
    const { length } = contentOf(soundOf(name), file)
    const positions = [...Array.from({ length: 64 }, (_, at) => at), ...Array.from({ length: 300 }, (_, back) => length - 1 - back)]
    for (const at of positions.filter((position) => position >= 0)) {
      const { report } = await checked(name, (storage) => storage.replaceFile(file, flipped(contentOf(storage, file), at)))
      expect(report.damagedPacks, `byte ${at}`).toEqual([file.name])
    }
  })

  it('says which snapshots and paths a damaged pack costs', async () => {
    for (const file of filesOf(soundOf(name), 'data')) {
      const { report } = await checked(name, (storage) => storage.replaceFile(file, undefined))
      expect(report.affected.length, file.name).toBeGreaterThan(0)
      for (const { paths, snapshot } of report.affected) {
        expect(snapshot.hostname).toBe('lab')
        expect(paths.length, file.name).toBeGreaterThan(0)
      }
      expect(report.remedies).toContain('repair-snapshots')
    }
  })

  it('notices without reading data what needs no reading', async () => {
    const [file] = filesOf(soundOf(name), 'data')
    if (file === undefined) throw new Error('there is no pack')
    const structureOnly = { readData: 'none' as const }
    expect((await checked(name, (storage) => storage.replaceFile(file, undefined), structureOnly)).report.counts.has('pack.missing')).toBe(
      true,
    )
    const cut = await checked(name, (storage) => storage.replaceFile(file, contentOf(storage, file).subarray(1)), structureOnly)
    expect(cut.report.counts.has('pack.size')).toBe(true)
    const orphan = { kind: 'data' as const, name: '0'.repeat(64) }
    const { report } = await checked(name, (storage) => storage.replaceFile(orphan, randomBytes(100)), structureOnly)
    expect(report).toMatchObject({ errorCount: 0, hintCount: 1, remedies: ['prune'] })
    expect(report.counts.get('pack.orphaned')).toBe(1)
  })

  it('reads the packs that it is told to, and those of chosen snapshots alone', async () => {
    const packs = filesOf(soundOf(name), 'data')
    const one = await checked(name, () => undefined, { readData: (available) => [...available.keys()].slice(0, 1) })
    expect(one.report.packsRead).toBe(1)
    const oldest = await checked(name, () => undefined, { select: (snapshots) => snapshots.slice(0, 1) })
    expect(oldest.report.snapshotCount).toBe(1)
    expect(oldest.report.packsRead).toBeLessThan(packs.length)
    expect(oldest.report.packsRead).toBeGreaterThan(0)
  })
})

it('cannot open a repository whose config is damaged', async () => {
  const { sound } = repositories.get('current-v2') ?? {}
  for (const [damage, spoil] of Object.entries(DAMAGES)) {
    const storage = cloneStorage(sound as MemoryStorage)
    const file = { kind: 'config', name: '' } as const
    storage.replaceFile(file, spoil(contentOf(storage, file)))
    const error: unknown = await openLab(storage).catch((reason: unknown) => reason)
    expect(isEngineError(error, 'data.damaged', 'data.malformed', 'repository.missing'), damage).toBe(true)
  }
})

function soundOf(name: string): MemoryStorage {
  const found = repositories.get(name)
  if (found === undefined) throw new Error(`there is no repository ${name}`)
  return found.sound
}

async function checked(
  name: string,
  spoil: (storage: MemoryStorage) => void,
  options: Parameters<typeof checkRepository>[1] = {},
): Promise<{ readonly report: CheckReport; readonly findings: readonly Finding[] }> {
  const { sound, repository } = repositories.get(name) ?? {}
  if (sound === undefined || repository === undefined) throw new Error(`there is no repository ${name}`)
  const storage = cloneStorage(sound)
  spoil(storage)
  const findings: Finding[] = []
  const report = await checkRepository(reopen(repository, storage), {
    readData: 'all',
    ...options,
    onFinding: (finding) => findings.push(finding),
  })
  return { report, findings }
}

function isAbout(finding: Finding, file: FileRef): boolean {
  return finding.severity === 'error' && finding.file?.kind === file.kind && finding.file.name === file.name
}

function flipped(content: Buffer, at: number): Buffer {
  const changed = Buffer.from(content)
  changed[at] = (changed[at] ?? 0) ^ 0x10
  return changed
}
