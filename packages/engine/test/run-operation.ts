import { EngineError } from '../src/errors.ts'
import { byteStringOf } from '../src/format/byte-string.ts'
import type { Timestamp } from '../src/format/timestamp.ts'
import { backup } from '../src/operations/backup/backup.ts'
import { findParent } from '../src/operations/backup/parent.ts'
import { copySnapshots } from '../src/operations/copy.ts'
import { executeForget, planForget } from '../src/operations/forget.ts'
import { executePrune } from '../src/operations/prune/execute-prune.ts'
import { planPrune } from '../src/operations/prune/plan-prune.ts'
import type { OpenRepository } from '../src/repository/open-repository.ts'
import { loadSnapshots } from '../src/snapshots/load-snapshots.ts'
import type { CallOptions } from '../src/storage/storage.ts'

export const OPERATIONS = ['backup', 'prune', 'copy', 'forget'] as const

/** What is to be done to a repository. */
export interface Operation extends CallOptions {
  readonly operation: (typeof OPERATIONS)[number]
  readonly packSizeBytes: number
  /** Threads of a backup. */
  readonly readConcurrency?: number
  /** The folder that a backup is of. */
  readonly folder?: string | undefined
  /** Opens the repository that a copy is from. */
  readonly openSource?: () => Promise<OpenRepository>
  /** How many snapshots a forget leaves. */
  readonly keepLast?: number
}

/** Carries out an operation as the command line does, under its lock. */
export async function runOperation(repository: OpenRepository, options: Operation): Promise<void> {
  const { operation, packSizeBytes, keepLast = 1 } = options
  await using lock = await repository.lock({
    exclusive: operation === 'prune' || operation === 'forget',
    signal: options.signal,
  })
  const signal = options.signal === undefined ? lock.signal : AbortSignal.any([lock.signal, options.signal])
  const snapshots = await loadSnapshots(repository, { signal })
  if (operation === 'forget') {
    const groupBy = { host: false, paths: false, tags: false }
    const { failed } = await executeForget(repository, planForget(snapshots, { policy: { last: keepLast }, groupBy }), { signal })
    for (const error of failed.values()) throw error
  } else if (operation === 'backup') {
    const { folder = '' } = options
    const parent = findParent(snapshots, {
      hostname: repository.identity.hostname,
      paths: [folder],
      time: '2100-01-01T00:00:00Z' as Timestamp,
    })
    const indexed = await repository.loadIndex({ signal })
    const { errorCount } = await backup(indexed, {
      targets: [byteStringOf(folder)],
      absolutePaths: [folder],
      parent,
      packSizeBytes,
      readConcurrency: options.readConcurrency,
      signal,
    })
    if (errorCount > 0) throw new EngineError('source.unreadable', `Cannot back up everything: ${errorCount} errors`)
  } else if (operation === 'prune') {
    const plan = await planPrune(await repository.loadIndex({ signal }), { maxUnused: { bytes: 0 }, signal })
    const { notRemoved } = await executePrune(plan, { signal, packSizeBytes })
    if (notRemoved.size > 0) throw new EngineError('storage.failed', `Cannot remove everything: ${notRemoved.size} packs are still there`)
  } else await copyAll(repository, { ...options, snapshots, signal })
}

async function copyAll(
  target: OpenRepository,
  options: Operation & { readonly snapshots: Awaited<ReturnType<typeof loadSnapshots>>; readonly signal: AbortSignal },
): Promise<void> {
  const source = await options.openSource?.()
  if (source === undefined) throw new Error('there is nothing to copy from')
  await using lock = await source.lock({ signal: options.signal })
  const signal = AbortSignal.any([options.signal, lock.signal])
  const snapshots = await loadSnapshots(source, { signal })
  await copySnapshots(await source.loadIndex({ signal }), await target.loadIndex({ signal }), {
    snapshots,
    targetSnapshots: options.snapshots,
    signal,
    packSizeBytes: options.packSizeBytes,
  })
}
