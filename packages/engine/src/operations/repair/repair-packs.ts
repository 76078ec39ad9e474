import type { BlobId, PackId } from '../../format/ids.ts'
import type { BlobType } from '../../format/pack-header.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { PackContents } from '../../repository/pack-contents.ts'
import type { WriteOptions } from '../../repository/repository-writer.ts'
import { rewriteIndex } from '../../repository/rewrite-index.ts'
import type { CallOptions } from '../../storage/storage.ts'
import type { OnProgress } from '../step-progress.ts'
import { salvagePack } from './salvage.ts'

/** What is left of one pack. */
export interface PackCondition {
  readonly id: PackId
  readonly exists: boolean
  readonly soundBlobs: number
  /** Blobs that the pack should hold, that are not sound in it, and that no other pack holds. */
  readonly lost: readonly { readonly type: BlobType; readonly id: BlobId }[]
}

/** What a repair of packs will do: store their sound blobs in new packs, then remove them. Nothing has happened yet. */
export interface PackRepairPlan {
  readonly indexed: IndexedRepository
  readonly packs: readonly PackCondition[]
}

export interface ExecutePackRepairOptions extends WriteOptions {
  /**
   * Gets each damaged file before it is removed, to keep it for those who know more. When it rejects, the repair ends with all packs still
   * there.
   */
  readonly keepCopy?: (id: PackId, content: Uint8Array) => Promise<void>
  readonly onProgress?: OnProgress<'packs'>
}

/** Looks what of the given packs can be rescued. The caller holds an exclusive lock until the plan is executed. */
export async function planPackRepair(
  indexed: IndexedRepository,
  packs: readonly PackId[],
  options: CallOptions = {},
): Promise<PackRepairPlan> {
  const contents = PackContents.of(indexed.index, indexed.packs.size)
  const doomed = new Set(packs)
  const conditions: PackCondition[] = []
  for (const id of doomed) {
    const { content, sound, lost } = await salvagePack(indexed, id, { signal: options.signal, contents })
    const isElsewhere = (type: BlobType, blob: BlobId): boolean =>
      indexed.index.findAll(type, blob).some((place) => !doomed.has(indexed.packOf(place)))
    conditions.push({
      id,
      exists: content !== undefined,
      soundBlobs: sound.length,
      lost: lost.filter(({ type, id: blob }) => !isElsewhere(type, blob)),
    })
  }
  return { indexed, packs: conditions }
}

/**
 * Carries out a plan: what is sound is durable in new packs that the index names before the index forgets the damaged packs, and that comes
 * before they are removed. The `indexed` of the plan is out of date afterwards.
 */
export async function executePackRepair(plan: PackRepairPlan, options: ExecutePackRepairOptions = {}): Promise<void> {
  const { keepCopy, onProgress, ...writeOptions } = options
  const { indexed } = plan
  const { signal } = writeOptions
  const contents = PackContents.of(indexed.index, indexed.packs.size)
  let done = 0
  await indexed.write(async (writer) => {
    for (const { id } of plan.packs) {
      signal?.throwIfAborted()
      const { content, sound } = await salvagePack(indexed, id, { signal, contents })
      if (content !== undefined) await keepCopy?.(id, content)
      for (const { sealed, ...entry } of sound) await writer.saveSealedBlob(entry, sealed)
      onProgress?.({ step: 'packs', done: ++done, total: plan.packs.length })
    }
  }, writeOptions)
  await rewriteIndex(indexed.repository, { drop: new Set(plan.packs.map(({ id }) => id)), signal })
  for (const { id, exists } of plan.packs) if (exists) await indexed.repository.removeFile('data', id, { signal })
}
