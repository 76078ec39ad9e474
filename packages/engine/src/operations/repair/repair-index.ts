import { type EngineError, isEngineError } from '../../errors.ts'
import type { IndexId, PackId } from '../../format/ids.ts'
import type { IndexedPack } from '../../format/index-file.ts'
import type { OpenRepository } from '../../repository/open-repository.ts'
import { PackContents } from '../../repository/pack-contents.ts'
import { readPackHeader } from '../../repository/pack-tail.ts'
import { readAhead } from '../../repository/read-ahead.ts'
import { rewriteIndex } from '../../repository/rewrite-index.ts'
import { isDamage } from '../../snapshots/tree-walker.ts'
import type { CallOptions } from '../../storage/storage.ts'
import { IndexAudit } from '../check/index-audit.ts'
import type { OnProgress } from '../step-progress.ts'

export interface IndexRepairOptions extends CallOptions {
  /** Trust no index file: read the header of every pack. */
  readonly readAllPacks?: boolean
}

/** What a repair of the index will do. Nothing has happened yet. */
export interface IndexRepairPlan {
  readonly repository: OpenRepository
  /** Index files that cannot be used. They go. */
  readonly damagedFiles: readonly IndexId[]
  /** Packs that the index names and that do not exist. They are named no more. */
  readonly missingPacks: readonly PackId[]
  /** Packs that no usable index file names. */
  readonly unindexedPacks: readonly PackId[]
  /** Packs of which the index says something else than their size shows, or index files different things. */
  readonly doubtfulPacks: readonly PackId[]
  /** Packs whose headers are read, with their sizes in bytes: the ones above, or all. */
  readonly packsToRead: ReadonlyMap<PackId, number>
  /** Index files that say what others say too. They are joined. */
  readonly repeatingFiles: ReadonlySet<IndexId>
  /** Whether there is anything to do. */
  readonly isNeeded: boolean
}

export interface ExecuteIndexRepairOptions extends CallOptions {
  readonly onProgress?: OnProgress<'pack headers'>
  /** Told of each pack whose header cannot be read. */
  readonly onUnreadable?: (pack: PackId, error: EngineError) => void
}

export interface IndexRepairResult {
  readonly addedPacks: number
  readonly removedFiles: number
  /**
   * Packs whose headers cannot be read. What the index said of them it still says, so that a repair of these packs can rescue what is
   * sound.
   */
  readonly unreadablePacks: readonly PackId[]
}

/** Finds out what is wrong with the index. The caller holds an exclusive lock until the plan is executed. */
export async function planIndexRepair(repository: OpenRepository, options: IndexRepairOptions = {}): Promise<IndexRepairPlan> {
  const { readAllPacks = false, signal } = options
  const damagedFiles: IndexId[] = []
  const audit = new IndexAudit()
  const indexed = await repository.loadIndex({
    signal,
    onBroken: (id) => damagedFiles.push(id),
    onFile: (id, file) => audit.note(id, file),
  })
  const sizes = new Map<PackId, number>()
  for await (const { name, sizeBytes } of repository.list('data', { signal })) sizes.set(name as PackId, sizeBytes)
  const repeated = audit.repeated()
  const disputed = new Set(repeated.filter((pack) => pack.disputed).map(({ pack }) => pack))
  const contents = PackContents.of(indexed.index, indexed.packs.size)
  const known = indexed.packs.ids()
  const missingPacks = known.filter((id) => !sizes.has(id))
  const unindexedPacks = [...sizes.keys()].filter((id) => !indexed.packs.has(id))
  const isDoubtful = (id: PackId, pack: number): boolean =>
    disputed.has(id) || sizes.get(id) !== contents.sizeOf(pack, indexed.index) || !contents.isContiguous(pack, indexed.index)
  const doubtfulPacks = known.filter((id, pack) => sizes.has(id) && isDoubtful(id, pack))
  const packsToRead = readAllPacks ? sizes : new Map([...unindexedPacks, ...doubtfulPacks].map((id) => [id, sizes.get(id) ?? 0]))
  const repeatingFiles = new Set(repeated.flatMap(({ files }) => files))
  const isNeeded = damagedFiles.length + missingPacks.length + packsToRead.size + repeatingFiles.size > 0
  return { repository, damagedFiles, missingPacks, unindexedPacks, doubtfulPacks, packsToRead, repeatingFiles, isNeeded }
}

/** Carries out a plan. New index files are durable before old ones go. */
export async function executeIndexRepair(plan: IndexRepairPlan, options: ExecuteIndexRepairOptions = {}): Promise<IndexRepairResult> {
  const unreadablePacks: PackId[] = []
  if (!plan.isNeeded) return { addedPacks: 0, removedFiles: 0, unreadablePacks }
  const onUnreadable = (pack: PackId, error: EngineError): void => {
    unreadablePacks.push(pack)
    options.onUnreadable?.(pack, error)
  }
  const rewritten = await rewriteIndex(plan.repository, {
    signal: options.signal,
    drop: new Set(plan.missingPacks),
    add: readHeaders(plan, { ...options, onUnreadable }),
    replace: plan.repeatingFiles,
    unreadable: new Set(plan.damagedFiles),
  })
  return { ...rewritten, unreadablePacks }
}

async function* readHeaders(
  plan: IndexRepairPlan,
  options: ExecuteIndexRepairOptions & { readonly onUnreadable: (pack: PackId, error: EngineError) => void },
): AsyncGenerator<IndexedPack> {
  const { storage, sealer } = plan.repository
  const { signal, onProgress, onUnreadable } = options
  let done = 0
  const headers = readAhead(plan.packsToRead, {
    start: ([id, sizeBytes]) => readPackHeader(storage, { id, sizeBytes }, { sealer, signal }),
    maxItems: storage.limits.connections,
  })
  for await (const read of headers) {
    const [id] = read.item
    if (read.ok) yield { id, blobs: read.result }
    else if (isEngineError(read.error) && isDamage(read.error)) onUnreadable(id, read.error)
    else throw read.error
    onProgress?.({ step: 'pack headers', done: ++done, total: plan.packsToRead.size })
  }
}
