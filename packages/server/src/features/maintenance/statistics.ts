import { statfs } from 'node:fs/promises'
import { BlobSet, computeStatistics, type IndexedRepository, isEngineError, loadSnapshot, type SnapshotId } from '@holdfast/engine'
import type { RepositoryStatisticsView } from '@holdfast/protocol'
import type { MaintenanceStore } from './store.ts'

/** Snapshots without a summary that are walked at one counting; the others wait for the next. */
const WALKED_AT_ONCE = 20
/** What is around the plaintext of a blob that is not compressed. */
const SEAL_BYTES = 32

export interface CountOptions {
  readonly repositoryId: number
  readonly store: Pick<MaintenanceStore, 'registered' | 'setSize'>
  readonly now: number
  readonly signal: AbortSignal
}

/** Counts what a repository holds. Snapshots whose size nobody has noted are walked for it, some of them at a time. */
export async function countRepository(indexed: IndexedRepository, options: CountOptions): Promise<RepositoryStatisticsView> {
  const { repository } = indexed
  const { signal } = options
  let [packCount, storedBytes] = [0, 0]
  for await (const { sizeBytes } of repository.list('data', { signal })) {
    packCount++
    storedBytes += sizeBytes
  }
  const { blobCount, contentBytes } = contentOf(indexed)
  const { snapshotCount, restoreBytes } = await restoreSize(indexed, options)
  return {
    countedAt: new Date(options.now).toISOString(),
    ...{ snapshotCount, storedBytes, contentBytes, restoreBytes, blobCount, packCount },
    deduplicationRatio: ratio(restoreBytes, contentBytes),
    compressionRatio: ratio(contentBytes, storedBytes),
    ...(await roomFor(repository.storage.localFolder)),
  }
}

/** What is free on the disk of a folder; nulls where there is none or it cannot be told. */
async function roomFor(folder: string | undefined): Promise<Pick<RepositoryStatisticsView, 'freeBytes' | 'capacityBytes'>> {
  const found = folder === undefined ? undefined : await statfs(folder).catch(() => undefined)
  if (found === undefined) return { freeBytes: null, capacityBytes: null }
  return { freeBytes: found.bavail * found.bsize, capacityBytes: found.blocks * found.bsize }
}

function contentOf({ index }: IndexedRepository): { readonly blobCount: number; readonly contentBytes: number } {
  const distinct = new BlobSet(index)
  for (let entry = 0; entry < index.size; entry++) distinct.addEntry(index.firstEntryOf(entry))
  let contentBytes = 0
  for (const { length, uncompressedLength } of distinct) {
    contentBytes += uncompressedLength === 0 ? Math.max(0, length - SEAL_BYTES) : uncompressedLength
  }
  return { blobCount: distinct.size, contentBytes }
}

async function restoreSize(
  indexed: IndexedRepository,
  { repositoryId, store, signal }: CountOptions,
): Promise<{ readonly snapshotCount: number; readonly restoreBytes: number }> {
  const registered = await store.registered(repositoryId)
  let [restoreBytes, walked] = [0, 0]
  for (const [id, { size_bytes }] of registered) {
    if (size_bytes !== null || walked >= WALKED_AT_ONCE) restoreBytes += size_bytes ?? 0
    else {
      walked++
      const size = await walkedSize(indexed, id as SnapshotId, signal)
      if (size === undefined) continue
      restoreBytes += size.bytes
      await store.setSize(repositoryId, id as SnapshotId, size)
    }
  }
  return { snapshotCount: registered.size, restoreBytes }
}

/** Undefined for a snapshot that is damaged or gone. */
async function walkedSize(
  indexed: IndexedRepository,
  id: SnapshotId,
  signal: AbortSignal,
): Promise<{ readonly bytes: number; readonly files: number } | undefined> {
  try {
    const snapshot = await loadSnapshot(indexed.repository, id, { signal })
    const { totalSize, totalFileCount } = await computeStatistics(indexed, [snapshot], { mode: 'restore-size', signal })
    return { bytes: totalSize, files: totalFileCount }
  } catch (error) {
    if (isEngineError(error, 'data.damaged', 'data.malformed', 'data.missing', 'storage.not-found')) return undefined
    throw error
  }
}

/** To three digits; 1 where there is nothing. */
function ratio(part: number, whole: number): number {
  return part === 0 || whole === 0 ? 1 : Number((part / whole).toPrecision(3))
}
