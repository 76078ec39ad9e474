import assert from 'node:assert'
import { isEngineError, messageOf } from '../../errors.ts'
import type { PackId } from '../../format/ids.ts'
import type { WriteOptions } from '../../repository/repository-writer.ts'
import { rewriteIndex } from '../../repository/rewrite-index.ts'
import { TaskQueue } from '../../repository/task-queue.ts'
import type { OnProgress } from '../step-progress.ts'
import type { PrunePlan } from './plan-prune.ts'
import { repack, rescueCopies } from './repack.ts'

export interface ExecutePruneOptions extends WriteOptions {
  readonly onProgress?: OnProgress<'packs repacked' | 'packs removed'>
}

export interface PruneResult {
  readonly removedPacks: number
  /** Packs that could not be removed, with the reason; no index file names them any more, so that the next prune tries again. */
  readonly notRemoved: ReadonlyMap<PackId, string>
}

/**
 * Carries out a plan, under the lock under which it was made. It may be interrupted at any point: new packs are durable before index files
 * name them, these before old index files go, and those before old packs do, so that everything used is always in a pack that is indexed.
 * The `indexed` of the plan is out of date afterwards.
 *
 * @throws EngineError `data.damaged` where a used blob cannot be read: all packs that hold used blobs are still there then; `storage.*`
 */
export async function executePrune(plan: PrunePlan, options: ExecutePruneOptions = {}): Promise<PruneResult> {
  const { repository } = plan.indexed
  const remover = new PackRemover(plan, options)
  await remover.remove(plan.unindexedPacks)
  if (plan.keptBlobs.size + plan.copiedBlobs.size > 0) await repackAll(plan, options)
  const gone = [...plan.unusedPacks, ...plan.repackPacks]
  const drop = new Set([...gone, ...plan.vanishedPacks])
  if (drop.size > 0) await rewriteIndex(repository, { drop, signal: options.signal })
  await remover.remove(gone)
  return { removedPacks: remover.removed, notRemoved: remover.notRemoved }
}

async function repackAll(plan: PrunePlan, options: ExecutePruneOptions): Promise<void> {
  const { onProgress, ...writeOptions } = options
  let done = 0
  const onPack = (): void => onProgress?.({ step: 'packs repacked', done: ++done, total: plan.repackPacks.length })
  const saved = await plan.indexed.write(async (writer) => {
    await rescueCopies(plan, writer, { signal: options.signal })
    return repack(plan, writer, { signal: options.signal, onPack })
  }, writeOptions)
  assert(saved.size === plan.keptBlobs.size, 'not every blob that is to be kept was written anew')
}

class PackRemover {
  removed = 0
  readonly notRemoved = new Map<PackId, string>()
  readonly #plan: PrunePlan
  readonly #options: ExecutePruneOptions

  constructor(plan: PrunePlan, options: ExecutePruneOptions) {
    this.#plan = plan
    this.#options = options
  }

  /** Removes packs that nobody needs. One that stays does no harm, so that it does not keep the others. */
  async remove(ids: readonly PackId[]): Promise<void> {
    const { repository } = this.#plan.indexed
    const { signal, onProgress } = this.#options
    const queue = new TaskQueue(repository.storage.limits.connections)
    try {
      for (const id of ids) {
        signal?.throwIfAborted()
        await queue.add(async () => {
          try {
            await repository.removeFile('data', id, { signal })
            this.removed++
          } catch (error) {
            signal?.throwIfAborted()
            if (!isEngineError(error)) throw error
            this.notRemoved.set(id, messageOf(error))
          }
          onProgress?.({
            step: 'packs removed',
            done: this.removed,
            total: this.#plan.statistics.packs.removeTotal + this.#plan.repackPacks.length,
          })
        })
      }
      await queue.drain()
    } finally {
      // Nothing is removed any more once the lock may be given back.
      await queue.settle()
    }
  }
}
