import type { PackId, SnapshotId } from '../../format/ids.ts'
import type { StoredSnapshot } from '../../format/snapshot.ts'
import { BlobSet } from '../../repository/blob-set.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import type { OpenRepository } from '../../repository/open-repository.ts'
import { PackContents } from '../../repository/pack-contents.ts'
import type { SpareThreads } from '../../repository/worker-pool.ts'
import { loadSnapshots } from '../../snapshots/load-snapshots.ts'
import type { CallOptions } from '../../storage/storage.ts'
import type { OnProgress } from '../step-progress.ts'
import { type AffectedSnapshot, findAffected } from './affected.ts'
import { BadCopies } from './bad-copies.ts'
import { FINDINGS, type Finding, type FindingKind, findingOf, REMEDIES, type Remedy } from './findings.ts'
import { IndexAudit } from './index-audit.ts'
import { aboutPack, checkPackList } from './pack-list.ts'
import { isSound, readPacks } from './read-packs.ts'
import { aboutFile, checkSmallFiles } from './small-files.ts'
import { checkStructure } from './structure.ts'
import type { VerifyResult } from './verify-tasks.ts'

/** What a check counts. Trees and packs are read at the same time. */
export type CheckStep = 'index files' | 'trees' | 'packs'

export interface CheckOptions extends CallOptions {
  /**
   * Which packs to read whole and verify: none, all, or a choice from those that are there, given with their sizes in bytes. Everything
   * else is checked in any case.
   */
  readonly readData?: 'none' | 'all' | ((packs: ReadonlyMap<PackId, number>) => readonly PackId[])
  /** Look at these snapshots and the packs they need alone. All when absent. */
  readonly select?: (snapshots: readonly StoredSnapshot[]) => readonly StoredSnapshot[]
  /** Report blobs that no snapshot needs. */
  readonly unused?: boolean
  readonly onFinding?: (finding: Finding) => void
  readonly onProgress?: OnProgress<CheckStep>
  /** Threads started beforehand by `spareVerifyThreads`, for packs that are read; the check takes them over if it needs them. */
  readonly threads?: SpareThreads | undefined
}

export interface CheckReport {
  readonly errorCount: number
  readonly hintCount: number
  /** How often each kind was found; kinds that were not found are absent. */
  readonly counts: ReadonlyMap<FindingKind, number>
  /** What to do, in this order. */
  readonly remedies: readonly Remedy[]
  /** For the repair of packs. */
  readonly damagedPacks: readonly PackId[]
  /** Snapshot files that cannot be used. */
  readonly damagedSnapshots: readonly SnapshotId[]
  /** Snapshots that cannot be restored whole, as far as this check can tell. */
  readonly affected: readonly AffectedSnapshot[]
  /** False when the index is damaged, which hides the rest from view. */
  readonly isComplete: boolean
  readonly snapshotCount: number
  readonly packsRead: number
  readonly bytesRead: number
}

/**
 * Looks for everything that is wrong with a repository: files, index, packs, every tree of every snapshot, and if asked the content of
 * packs. What is found goes to `onFinding` as it is found. An exclusive lock keeps other programs from changing what is looked at.
 *
 * @throws EngineError `storage.*`, the signal's reason; damage is never thrown
 */
export async function checkRepository(repository: OpenRepository, options: CheckOptions = {}): Promise<CheckReport> {
  return new Check(repository, options).run()
}

/** What the steps of a check hand to each other. */
interface ContentParts {
  readonly snapshots: readonly StoredSnapshot[]
  readonly contents: PackContents
  /** The packs of the index that are there, with their sizes in bytes. */
  readonly present: ReadonlyMap<PackId, number>
  readonly badCopies: BadCopies
  /** Every blob that the snapshots need, once their trees are walked. */
  readonly used: BlobSet
}

class Check {
  readonly #repository: OpenRepository
  readonly #options: CheckOptions
  readonly #callOptions: CallOptions
  readonly #counts = new Map<FindingKind, number>()
  readonly #damagedPacks = new Set<PackId>()
  readonly #damagedSnapshots: SnapshotId[] = []
  #affected: readonly AffectedSnapshot[] = []
  #snapshotCount = 0
  #packsRead = 0
  #bytesRead = 0

  constructor(repository: OpenRepository, options: CheckOptions) {
    this.#repository = repository
    this.#options = options
    this.#callOptions = { signal: options.signal }
  }

  async run(): Promise<CheckReport> {
    await checkSmallFiles(this.#repository, { ...this.#callOptions, onFinding: (finding) => this.#found(finding) })
    // Snapshots are listed before the index is: those that are written meanwhile may need more than it says.
    const snapshots = await this.#loadSnapshots()
    const indexed = await this.#loadIndex()
    const isComplete = !this.#counts.has('index.damaged')
    if (isComplete) await this.#checkContent(indexed, snapshots)
    return this.#report(isComplete)
  }

  async #loadSnapshots(): Promise<readonly StoredSnapshot[]> {
    const snapshots = await loadSnapshots(this.#repository, {
      ...this.#callOptions,
      onBroken: (id, error) => {
        this.#damagedSnapshots.push(id)
        this.#found(aboutFile('snapshot.damaged', { kind: 'snapshots', name: id }, error.message))
      },
    })
    const selected = this.#options.select?.(snapshots) ?? snapshots
    this.#snapshotCount = selected.length
    return selected
  }

  async #loadIndex(): Promise<IndexedRepository> {
    const audit = new IndexAudit()
    let done = 0
    const indexed = await this.#repository.loadIndex({
      ...this.#callOptions,
      onBroken: (id, error) => this.#found(aboutFile('index.damaged', { kind: 'index', name: id }, error.message)),
      onFile: (id, file) => {
        audit.note(id, file)
        this.#options.onProgress?.({ step: 'index files', done: ++done })
      },
    })
    for (const finding of audit.findings()) this.#found(finding)
    return indexed
  }

  async #checkContent(indexed: IndexedRepository, snapshots: readonly StoredSnapshot[]): Promise<void> {
    const contents = PackContents.of(indexed.index, indexed.packs.size)
    const present = await checkPackList(indexed, { ...this.#callOptions, contents, onFinding: (finding) => this.#found(finding) })
    const badCopies = new BadCopies(indexed.index)
    for (let pack = 0; pack < contents.packCount; pack++) {
      if (!present.has(indexed.packs.idOf(pack))) for (const entry of contents.entriesOf(pack)) badCopies.add(entry)
    }
    const used = new BlobSet(indexed.index)
    await this.#readAll(indexed, { snapshots, contents, present, badCopies, used })
    if (this.#options.unused === true) this.#reportUnused(indexed, used)
    if (!badCopies.isEmpty || this.#counts.has('tree.damaged') || this.#counts.has('content.missing')) {
      const isLost = badCopies.isLost.bind(badCopies)
      this.#affected = await findAffected(indexed, snapshots, { ...this.#callOptions, isLost })
    }
  }

  /** Walks the trees here while threads read packs. Which packs a choice of snapshots needs is known only when its trees are. */
  async #readAll(indexed: IndexedRepository, parts: ContentParts): Promise<void> {
    const { snapshots, contents, present, badCopies, used } = parts
    const stop = new AbortController()
    const signal = AbortSignal.any([stop.signal, ...(this.#options.signal === undefined ? [] : [this.#options.signal])])
    const walk = (): Promise<void> => this.#walkTrees(indexed, { snapshots, used, signal })
    const read = (packs: ReadonlyMap<PackId, number>): Promise<void> => this.#readPacks(indexed, { contents, packs, badCopies, signal })
    if (this.#options.select !== undefined) {
      await walk()
      await read(this.#packsToRead(indexed, packsOf(indexed, used, present)))
      return
    }
    const packs = this.#packsToRead(indexed, present)
    const both = [walk(), read(packs)]
    try {
      await Promise.all(both)
    } finally {
      stop.abort()
      await Promise.allSettled(both)
    }
  }

  #walkTrees(
    indexed: IndexedRepository,
    parts: CallOptions & { readonly snapshots: readonly StoredSnapshot[]; readonly used: BlobSet },
  ): Promise<void> {
    let done = 0
    return checkStructure(indexed, {
      signal: parts.signal,
      roots: parts.snapshots.map(({ tree }) => tree),
      used: parts.used,
      onFinding: (finding) => this.#found(finding),
      onTree: () => this.#options.onProgress?.({ step: 'trees', done: ++done }),
    })
  }

  #packsToRead(indexed: IndexedRepository, available: ReadonlyMap<PackId, number>): ReadonlyMap<PackId, number> {
    const { readData = 'none' } = this.#options
    if (readData === 'none') return new Map()
    if (readData === 'all') return available
    const chosen = readData(available)
    return new Map(chosen.filter((id) => indexed.packs.has(id)).map((id) => [id, available.get(id) ?? 0]))
  }

  async #readPacks(
    indexed: IndexedRepository,
    parts: CallOptions & Pick<ContentParts, 'contents' | 'badCopies'> & { readonly packs: ReadonlyMap<PackId, number> },
  ): Promise<void> {
    const { contents, packs, badCopies, signal } = parts
    if (packs.size === 0) return
    await readPacks(indexed, {
      signal,
      contents,
      packs,
      threads: this.#options.threads,
      onResult: (id, first, repeated) => {
        this.#packsRead++
        this.#bytesRead += 'sizeBytes' in first ? first.sizeBytes : 0
        if (repeated !== undefined && isSound(repeated))
          this.#found(aboutPack('pack.unsteady', id, 'was damaged at first, and sound when read again'))
        else this.#reportPack(indexed, { id, result: repeated ?? first, contents, badCopies })
        this.#options.onProgress?.({ step: 'packs', done: this.#packsRead, total: packs.size })
      },
    })
  }

  #reportPack(
    indexed: IndexedRepository,
    pack: { readonly id: PackId; readonly result: VerifyResult; readonly contents: PackContents; readonly badCopies: BadCopies },
  ): void {
    const { id, result, contents, badCopies } = pack
    if ('failure' in result) {
      for (const entry of contents.entriesOf(indexed.packs.numberOf(id))) badCopies.add(entry)
      this.#found(aboutPack('pack.unreadable', id, result.failure))
      return
    }
    for (const state of result.verdict.states) this.#found(aboutPack('pack.damaged', id, state))
    for (const { entry, state } of result.verdict.damagedBlobs) {
      badCopies.add(entry)
      const { type, id: blob } = indexed.index.entryAt(entry)
      const message = `Pack ${id.slice(0, 10)}: ${type} blob ${blob.slice(0, 10)}: ${state}`
      this.#found(findingOf('blob.damaged', message, { file: { kind: 'data', name: id }, blob: { type, id: blob } }))
    }
  }

  #reportUnused(indexed: IndexedRepository, used: BlobSet): void {
    for (let entry = 0; entry < indexed.index.size; entry++) {
      if (used.hasEntry(indexed.index.firstEntryOf(entry))) continue
      const { type, id, pack } = indexed.index.entryAt(entry)
      const message = `${type === 'tree' ? 'Tree' : 'Data'} blob ${id.slice(0, 10)}: no snapshot needs it`
      this.#found(findingOf('blob.unused', message, { file: { kind: 'data', name: indexed.packs.idOf(pack) }, blob: { type, id } }))
    }
  }

  #found(finding: Finding): void {
    const { kind, file } = finding
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
    const needsSalvage = FINDINGS[kind].remedy === 'repair-packs' || kind === 'pack.missing'
    if (needsSalvage && file?.kind === 'data') this.#damagedPacks.add(file.name as PackId)
    this.#options.onFinding?.(finding)
  }

  #report(isComplete: boolean): CheckReport {
    const total = (severity: Finding['severity']): number =>
      [...this.#counts].reduce((sum, [kind, count]) => sum + (FINDINGS[kind].severity === severity ? count : 0), 0)
    const needed = new Set([...this.#counts.keys()].map((kind): Remedy => FINDINGS[kind].remedy))
    if (this.#affected.length > 0) needed.add('repair-snapshots')
    return {
      errorCount: total('error'),
      hintCount: total('hint'),
      counts: this.#counts,
      remedies: REMEDIES.filter((remedy) => needed.has(remedy)),
      damagedPacks: [...this.#damagedPacks],
      damagedSnapshots: this.#damagedSnapshots,
      affected: this.#affected,
      isComplete,
      snapshotCount: this.#snapshotCount,
      packsRead: this.#packsRead,
      bytesRead: this.#bytesRead,
    }
  }
}

/** The packs that hold a copy of a blob that is used. */
function packsOf(indexed: IndexedRepository, used: BlobSet, present: ReadonlyMap<PackId, number>): Map<PackId, number> {
  const packs = new Map<PackId, number>()
  for (let entry = 0; entry < indexed.index.size; entry++) {
    if (!used.hasEntry(indexed.index.firstEntryOf(entry))) continue
    const id = indexed.packs.idOf(indexed.index.locationAt(entry).pack)
    const sizeBytes = present.get(id)
    if (sizeBytes !== undefined) packs.set(id, sizeBytes)
  }
  return packs
}
