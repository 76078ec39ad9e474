import { EngineError } from '../../errors.ts'
import type { PackId, SnapshotId } from '../../format/ids.ts'
import { BlobSet } from '../../repository/blob-set.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { DEFAULT_PACK_SIZE_BYTES } from '../../repository/pack-builder.ts'
import type { CallOptions } from '../../storage/storage.ts'
import type { OnProgress } from '../step-progress.ts'
import { DEFAULT_MAX_UNUSED, type MaxUnused, maxUnusedBytes } from './max-unused.ts'
import { PackTally } from './pack-tally.ts'
import { addTotals, emptyStatistics, type PruneStatistics, remainingUnusedBytes } from './statistics.ts'
import { findUsedBlobs, refusal } from './used-blobs.ts'

export interface PruneOptions extends CallOptions {
  /** Unused data that may stay, so that less is written anew; 5% when absent. */
  readonly maxUnused?: MaxUnused
  /** Packs are written anew until they had this many bytes together. */
  readonly maxRepackBytes?: number
  /** Write only packs of trees anew, which a cache holds. */
  readonly repackCacheableOnly?: boolean
  /** Write packs of data that is not compressed anew. Packs of trees always are. */
  readonly repackUncompressed?: boolean
  /** Packs below this size are small, and joined where there are several. By default it follows from the sizes of the packs. */
  readonly smallPackBytes?: number
  /** Packs below 80% of the usual size are small. */
  readonly repackSmall?: boolean
  /** What new packs will have at least; for `repackSmall` and as a limit of `smallPackBytes`. */
  readonly packSizeBytes?: number
  /** Snapshots that are as good as removed: what a prune after forgetting them would do. */
  readonly ignoredSnapshots?: ReadonlySet<SnapshotId>
  readonly onProgress?: OnProgress<'trees' | 'packs'>
}

/** What a prune will do. Nothing has happened yet. */
export interface PrunePlan {
  readonly indexed: IndexedRepository
  readonly statistics: PruneStatistics
  /** Packs that no index file names. */
  readonly unindexedPacks: readonly PackId[]
  /** Packs that are removed after what is used of them was written anew, in this order. */
  readonly repackPacks: readonly PackId[]
  /** Packs of which nothing is used. */
  readonly unusedPacks: readonly PackId[]
  /** Packs that the index names, that do not exist and that nobody needs. */
  readonly vanishedPacks: readonly PackId[]
  /** The blobs of `repackPacks` that are to be kept, by their first entries in the index. */
  readonly keptBlobs: BlobSet
  /** Used blobs that lose a copy and keep another, which has to be sound before the first one goes. */
  readonly copiedBlobs: BlobSet
  /** The packs that go, whether they are there or not. */
  readonly goingPacks: ReadonlySet<PackId>
  readonly repackUncompressed: boolean
}

/** restic's smallest size of packs. */
const SMALLEST_PACK_BYTES = 4 * 1024 * 1024
/** Fewer small packs than this are not worth joining, else a single one would be written anew for ever. */
const SMALL_PACKS_MIN = 10

/**
 * Decides which packs go, and which are written anew without what nobody needs; the decisions are restic's. The caller holds an exclusive
 * lock from before this until the plan is executed.
 *
 * @throws EngineError `data.missing` or `data.damaged` when something that is used cannot be found or read: nothing must be removed then,
 *   `input.invalid`, `storage.*`
 */
export async function planPrune(indexed: IndexedRepository, options: PruneOptions = {}): Promise<PrunePlan> {
  checkOptions(indexed, options)
  const { signal, ignoredSnapshots, onProgress } = options
  let trees = 0
  const used = await findUsedBlobs(indexed, {
    signal,
    ...(ignoredSnapshots === undefined ? {} : { ignoredSnapshots }),
    onTree: () => onProgress?.({ step: 'trees', done: ++trees }),
  })
  const sizes = new Map<PackId, number>()
  for await (const { name, sizeBytes } of indexed.repository.list('data', { signal })) sizes.set(name as PackId, sizeBytes)
  const statistics = emptyStatistics()
  const tally = new PackTally(indexed, { used, statistics, exists: (pack) => sizes.has(indexed.packs.idOf(pack)) })
  const decisions = new PackDecisions(indexed, { tally, sizes, statistics, options }).decide()
  addTotals(statistics)
  const goingPacks = new Set([...decisions.repackPacks, ...decisions.unusedPacks, ...decisions.vanishedPacks])
  return {
    ...decisions,
    indexed,
    statistics,
    goingPacks,
    ...blobsOfGoingPacks(indexed, { used, tally, goingPacks }),
    repackUncompressed: options.repackUncompressed === true,
  }
}

function checkOptions(indexed: IndexedRepository, options: PruneOptions): void {
  const { smallPackBytes, packSizeBytes = DEFAULT_PACK_SIZE_BYTES } = options
  if (options.repackUncompressed === true && indexed.repository.config.version === 1) {
    throw new EngineError('input.invalid', `${refusal(indexed)}: repositories of version 1 know no compression`)
  }
  if (smallPackBytes !== undefined && smallPackBytes > packSizeBytes) {
    throw new EngineError('input.invalid', `${refusal(indexed)}: small packs cannot be larger than the packs that it writes`)
  }
}

/** Used blobs of packs that go: those that no other pack holds, and those that one does. */
function blobsOfGoingPacks(
  { index, packs }: IndexedRepository,
  parts: { readonly used: BlobSet; readonly tally: PackTally; readonly goingPacks: ReadonlySet<PackId> },
): Pick<PrunePlan, 'keptBlobs' | 'copiedBlobs'> {
  const { used, tally, goingPacks } = parts
  const goes = (entry: number): boolean => goingPacks.has(packs.idOf(index.locationAt(entry).pack))
  const staying = new BlobSet(index)
  for (let entry = 0; entry < index.size; entry++) if (!goes(entry)) staying.addEntry(tally.firstEntryOf(entry))
  const [keptBlobs, copiedBlobs] = [new BlobSet(index), new BlobSet(index)]
  for (let entry = 0; entry < index.size; entry++) {
    const first = tally.firstEntryOf(entry)
    if (used.hasEntry(first) && goes(entry)) (staying.hasEntry(first) ? copiedBlobs : keptBlobs).addEntry(first)
  }
  return { keptBlobs, copiedBlobs }
}

class PackDecisions {
  readonly #indexed: IndexedRepository
  readonly #tally: PackTally
  readonly #sizes: ReadonlyMap<PackId, number>
  readonly #statistics: PruneStatistics
  readonly #options: PruneOptions
  readonly #smallBelowBytes: number
  readonly #repackPacks: PackId[] = []

  constructor(
    indexed: IndexedRepository,
    parts: {
      readonly tally: PackTally
      readonly sizes: ReadonlyMap<PackId, number>
      readonly statistics: PruneStatistics
      readonly options: PruneOptions
    },
  ) {
    this.#indexed = indexed
    this.#tally = parts.tally
    this.#sizes = parts.sizes
    this.#statistics = parts.statistics
    this.#options = parts.options
    this.#smallBelowBytes = this.#smallPackLimit()
  }

  decide(): Pick<PrunePlan, 'unindexedPacks' | 'repackPacks' | 'unusedPacks' | 'vanishedPacks'> {
    const { packs, bytes } = this.#statistics
    const unindexedPacks = [...this.#sizes.keys()].filter((id) => !this.#indexed.packs.has(id))
    for (const id of unindexedPacks) bytes.unreferenced += this.#sizes.get(id) ?? 0
    const [unusedPacks, vanishedPacks]: [PackId[], PackId[]] = [[], []]
    const [candidates, smallCandidates]: [number[], number[]] = [[], []]
    for (const pack of this.#indexed.packs.ids().keys()) {
      const decision = this.#judge(pack)
      const id = this.#indexed.packs.idOf(pack)
      if (decision === 'keep') packs.keep++
      else if (decision === 'candidate') candidates.push(pack)
      else if (decision === 'small') smallCandidates.push(pack)
      else (decision === 'unused' ? unusedPacks : vanishedPacks).push(id)
    }
    // What is written anew may end in a small pack of data and one of trees. Unlike restic this counts them, so that the next prune, ours
    // or restic's, finds nothing that this one has left to do.
    const smallAfterwards = smallCandidates.length + (candidates.length > 0 ? 2 : 0)
    if (smallAfterwards < SMALL_PACKS_MIN) packs.keep += smallCandidates.length
    else candidates.push(...smallCandidates)
    this.#chooseFrom(candidates)
    packs.unreferenced = unindexedPacks.length
    packs.repack = this.#repackPacks.length
    packs.remove = unusedPacks.length
    if (this.#indexed.repository.config.version === 1) bytes.uncompressed = 0
    return { unindexedPacks, repackPacks: this.#repackPacks, unusedPacks, vanishedPacks }
  }

  #judge(pack: number): 'keep' | 'candidate' | 'small' | 'unused' | 'vanished' {
    const { packs, blobs, bytes } = this.#statistics
    const tally = this.#tally
    const sizeBytes = this.#sizes.get(this.#indexed.packs.idOf(pack))
    const [used, unused] = [tally.usedBlobs[pack] ?? 0, tally.unusedBlobs[pack] ?? 0]
    if (used === 0) {
      blobs.remove += unused
      bytes.remove += tally.unusedBytes[pack] ?? 0
      if (sizeBytes === undefined) return 'vanished'
    }
    this.#demandSize(pack, sizeBytes)
    packs[used === 0 ? 'unused' : unused === 0 ? 'used' : 'partlyUsed']++
    if (tally.hasUncompressed(pack)) bytes.uncompressed += tally.sizeOf(pack)
    if (used === 0) return 'unused'
    const kind = tally.kindOf(pack)
    if (this.#options.repackCacheableOnly === true && kind === 'data') return 'keep'
    if (unused > 0 || kind === 'mixed' || this.#mustCompress(pack)) return 'candidate'
    return tally.sizeOf(pack) >= this.#smallBelowBytes ? 'keep' : 'small'
  }

  /** A pack of another size is damaged, and what is used of it may be: that is for a repair. */
  #demandSize(pack: number, sizeBytes: number | undefined): void {
    if (sizeBytes === this.#tally.sizeOf(pack) || this.#tally.usedBlobs[pack] === 0) return
    const id = this.#indexed.packs.idOf(pack)
    const sizes = `${sizeBytes} bytes where the index says ${this.#tally.sizeOf(pack)}`
    const state = `pack ${id.slice(0, 10)} has ${sizes}; repair the index and that pack first`
    throw new EngineError('data.damaged', `${refusal(this.#indexed)}: ${state}`, { context: { pack: id } })
  }

  /** Takes the packs with the largest share of unused data until little enough is left. Packs of trees and small packs come first. */
  #chooseFrom(candidates: number[]): void {
    const tally = this.#tally
    const { maxRepackBytes = Number.POSITIVE_INFINITY, maxUnused = DEFAULT_MAX_UNUSED } = this.#options
    const { bytes, packs } = this.#statistics
    const allowedUnused = maxUnusedBytes(maxUnused, bytes.used)
    const isData = (pack: number): boolean => tally.kindOf(pack) === 'data'
    const isSmall = (pack: number): boolean => tally.sizeOf(pack) < this.#smallBelowBytes
    const unusedShare = (pack: number): number => (tally.unusedBytes[pack] ?? 0) / tally.sizeOf(pack)
    candidates.sort(
      (a, b) => Number(isData(a)) - Number(isData(b)) || Number(isSmall(b)) - Number(isSmall(a)) || unusedShare(b) - unusedShare(a),
    )
    for (const pack of candidates) {
      const isLimitReached = bytes.repack + tally.sizeOf(pack) >= maxRepackBytes
      const isNeeded = !isData(pack) || this.#mustCompress(pack) || isSmall(pack)
      if (isLimitReached || (!isNeeded && remainingUnusedBytes(this.#statistics) < allowedUnused)) packs.keep++
      else this.#repack(pack)
    }
  }

  #repack(pack: number): void {
    const { blobs, bytes } = this.#statistics
    const tally = this.#tally
    this.#repackPacks.push(this.#indexed.packs.idOf(pack))
    blobs.repack += (tally.unusedBlobs[pack] ?? 0) + (tally.usedBlobs[pack] ?? 0)
    blobs.repackRemove += tally.unusedBlobs[pack] ?? 0
    bytes.repack += tally.sizeOf(pack)
    bytes.repackRemove += tally.unusedBytes[pack] ?? 0
    if (tally.hasUncompressed(pack)) bytes.uncompressed -= tally.sizeOf(pack)
  }

  #mustCompress(pack: number): boolean {
    if (this.#indexed.repository.config.version === 1 || !this.#tally.hasUncompressed(pack)) return false
    return this.#options.repackUncompressed === true || this.#tally.kindOf(pack) === 'tree'
  }

  /** restic's heuristic: 80% of the size below which 3% of the packs are, but not of less than its smallest size of packs. */
  #smallPackLimit(): number {
    const { smallPackBytes, repackSmall, packSizeBytes = DEFAULT_PACK_SIZE_BYTES } = this.#options
    if (smallPackBytes !== undefined) return smallPackBytes
    if (repackSmall === true) return Math.floor((packSizeBytes * 4) / 5)
    const sizes = Float64Array.from(this.#indexed.packs.ids().keys(), (pack) => this.#tally.sizeOf(pack)).sort()
    return Math.floor((Math.max(SMALLEST_PACK_BYTES, sizes[Math.floor((sizes.length * 3) / 100)] ?? 0) * 4) / 5)
  }
}
