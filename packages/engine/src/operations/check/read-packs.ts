import { isEngineError, messageOf } from '../../errors.ts'
import type { PackId } from '../../format/ids.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import type { PackContents } from '../../repository/pack-contents.ts'
import { TaskQueue } from '../../repository/task-queue.ts'
import { defaultWorkerCount, SpareThreads, WorkerPool } from '../../repository/worker-pool.ts'
import { type CallOptions, layoutPath } from '../../storage/storage.ts'
import { PackVerifier } from './pack-verifier.ts'
import type { VerifyResult, VerifyTask, VerifyWorkerData } from './verify-tasks.ts'

export interface ReadPacksOptions extends CallOptions {
  readonly contents: PackContents
  /** The packs to read, with their sizes in bytes. */
  readonly packs: ReadonlyMap<PackId, number>
  readonly threads?: SpareThreads | undefined
  /** Called once for each pack, in any order. `repeated` is what a second try said of a pack that was not sound at first. */
  readonly onResult: (pack: PackId, result: VerifyResult, repeated: VerifyResult | undefined) => void
}

/** Threads for a check that is about to read packs; an unused set is disposed of by the caller. */
export function spareVerifyThreads(count: number = defaultWorkerCount()): SpareThreads {
  return new SpareThreads(new URL('./verify-worker.ts', import.meta.url), count)
}

/** Up to this many bytes are verified here: starting threads would take longer. */
const WITHOUT_THREADS_BYTES = 4 * 1024 * 1024

/**
 * Reads packs whole and verifies them, in threads that read local files by themselves. A pack that is not sound is read once more, so that
 * a passing fault of memory or network is told from a damaged file.
 */
export async function readPacks(indexed: IndexedRepository, options: ReadPacksOptions): Promise<void> {
  const totalBytes = options.packs.values().reduce((sum, sizeBytes) => sum + sizeBytes, 0)
  await using verifiers = totalBytes <= WITHOUT_THREADS_BYTES ? verifyHere(indexed, options) : verifyInThreads(indexed, options)
  const queue = new TaskQueue(verifiers.atOnce)
  try {
    for (const id of options.packs.keys()) {
      options.signal?.throwIfAborted()
      await queue.add(async () => {
        const result = await verifiers.verify(id)
        const repeated = isSound(result) ? undefined : await verifiers.verify(id)
        options.onResult(id, result, repeated)
      })
    }
  } finally {
    await queue.settle()
  }
  await queue.drain()
  options.signal?.throwIfAborted()
}

/** Whether nothing is wrong with a pack. */
export function isSound(result: VerifyResult): boolean {
  return 'verdict' in result && result.verdict.states.length === 0 && result.verdict.damagedBlobs.length === 0
}

interface Verifiers extends AsyncDisposable {
  /** How many packs may be under way. */
  readonly atOnce: number
  verify(id: PackId): Promise<VerifyResult>
}

function verifyHere(indexed: IndexedRepository, options: ReadPacksOptions): Verifiers {
  const verifier = new PackVerifier({ sealer: indexed.repository.sealer, index: indexed.index, contents: options.contents })
  return {
    atOnce: 1,
    verify: async (id) => {
      const content = await fetchPack(indexed, id, options)
      if ('failure' in content) return content
      const verdict = verifier.verify({ id, number: indexed.packs.numberOf(id), content: Uint8Array.from(content.content) })
      return { verdict, sizeBytes: content.content.length }
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

function verifyInThreads(indexed: IndexedRepository, options: ReadPacksOptions): Verifiers {
  const { repository, index, packs } = indexed
  const { localFolder, limits } = repository.storage
  const settings: VerifyWorkerData = { masterKey: repository.masterKey, index: index.handle, contents: options.contents.handle }
  const pool = new WorkerPool<VerifyTask, VerifyResult>({
    threads: options.threads ?? spareVerifyThreads(Math.min(defaultWorkerCount(), options.packs.size)),
    settings: () => settings,
  })
  async function fetchAndVerify(id: PackId): Promise<VerifyResult> {
    const fetched = await fetchPack(indexed, id, options)
    if ('failure' in fetched) return fetched
    // Only memory of its own can be handed to a thread; a view of a pool of small buffers is copied.
    const { content } = fetched
    const whole = content.byteLength === content.buffer.byteLength ? content : Uint8Array.from(content)
    return pool.run({ id, number: packs.numberOf(id), source: { content: whole } }, [whole.buffer as ArrayBuffer])
  }
  return {
    // Whoever fetches holds whole packs in memory.
    atOnce: localFolder === undefined ? limits.connections : pool.workerCount * 4,
    verify: (id) =>
      localFolder === undefined
        ? fetchAndVerify(id)
        : pool.run({ id, number: packs.numberOf(id), source: { path: `${localFolder}/${layoutPath({ kind: 'data', name: id })}` } }),
    [Symbol.asyncDispose]: () => pool.close(),
  }
}

/** A pack from the storage. That it cannot be had says something about this pack alone, unless the caller gave up. */
async function fetchPack(
  indexed: IndexedRepository,
  id: PackId,
  options: CallOptions,
): Promise<{ readonly content: Uint8Array } | { readonly failure: string }> {
  try {
    return { content: await indexed.repository.storage.read({ kind: 'data', name: id }, 'all', { signal: options.signal }) }
  } catch (error) {
    options.signal?.throwIfAborted()
    if (!isEngineError(error)) throw error
    return { failure: messageOf(error) }
  }
}
