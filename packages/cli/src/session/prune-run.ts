import {
  executePrune,
  type MaxUnused,
  type PruneStatistics,
  parseByteSize,
  parseMaxUnused,
  planPrune,
  type SnapshotId,
} from '@holdfast/engine'
import type { CommandContext } from '../command-line/command.ts'
import { type FlagValues, parsed, toggle } from '../command-line/flag.ts'
import { formatBytes, formatPercent, padNumber } from '../output/format.ts'
import type { Printer } from '../output/printer.ts'
import { StepCounters } from '../output/step-counters.ts'
import type { Session } from './open-session.ts'
import { writeOptions } from './write-options.ts'

/** The flags of `prune` that `forget --prune` takes too. */
export const PRUNE_FLAGS = {
  maxUnused: parsed('--max-unused <limit>', 'unused data that may stay: a size, a percentage or unlimited (default: 5%)', parseMaxUnused),
  maxRepackSize: parsed('--max-repack-size <size>', 'write at most so much anew, such as 10G', parseByteSize),
  repackCacheableOnly: toggle('--repack-cacheable-only', 'write only packs of trees anew'),
  repackSmall: toggle('--repack-small', 'write packs below 80% of the pack size anew'),
  repackUncompressed: toggle('--repack-uncompressed', 'compress what is not compressed yet'),
  repackSmallerThan: parsed('--repack-smaller-than <size>', 'write packs below this size anew', parseByteSize),
} as const

/** What a prune may do. */
export interface PruneLimits {
  readonly maxUnused?: MaxUnused
  readonly maxRepackBytes?: number
  readonly repackCacheableOnly: boolean
  readonly repackSmall: boolean
  readonly repackUncompressed: boolean
  readonly smallPackBytes?: number
}

/** How one prune is to go. */
export interface PruneRun {
  readonly context: CommandContext
  readonly printer: Printer
  readonly limits: PruneLimits
  readonly isDryRun: boolean
  readonly ignoreSnapshots?: ReadonlySet<SnapshotId>
}

/** The limits that flags ask for. */
export function pruneLimits(flags: FlagValues<typeof PRUNE_FLAGS>): PruneLimits {
  const { maxUnused, maxRepackSize, repackSmallerThan, repackCacheableOnly, repackSmall, repackUncompressed } = flags
  return {
    repackCacheableOnly,
    repackSmall,
    repackUncompressed,
    ...(maxUnused === undefined ? {} : { maxUnused }),
    ...(maxRepackSize === undefined ? {} : { maxRepackBytes: maxRepackSize }),
    ...(repackSmallerThan === undefined ? {} : { smallPackBytes: repackSmallerThan }),
  }
}

/** Plans a prune, says what it will do, and does it unless it is a dry run. The session holds an exclusive lock. */
export async function runPrune(session: Session, run: PruneRun): Promise<void> {
  const { context, printer, limits, isDryRun, ignoreSnapshots } = run
  const { signal } = session
  const store = writeOptions(context)
  const indexed = await session.repository.loadIndex({ signal })
  printer.info('finding data that is still in use')
  const trees = new StepCounters(printer, context.environment)
  const plan = await planPrune(indexed, {
    ...limits,
    signal,
    ...(store.packSizeBytes === undefined ? {} : { packSizeBytes: store.packSizeBytes }),
    ...(ignoreSnapshots === undefined ? {} : { ignoredSnapshots: ignoreSnapshots }),
    onProgress: (progress) => trees.show(progress),
  }).finally(() => trees.done())
  if (isDryRun) for (const line of ['', 'Would have made the following changes:']) printer.info(line)
  if (printer.isJson) printer.message(statisticsMessage(plan.statistics))
  else printStatistics(printer, plan.statistics)
  if (isDryRun) return
  const packs = new StepCounters(printer, context.environment)
  const result = await executePrune(plan, { ...store, signal, onProgress: (progress) => packs.show(progress) }).finally(() => packs.done())
  for (const [id, reason] of result.notRemoved) printer.warn(`unable to remove pack ${id}: ${reason}`)
  printer.info('done')
}

function statisticsMessage({ blobs, bytes, packs }: PruneStatistics): object {
  return {
    message_type: 'summary',
    blobs: {
      ...pick(blobs, ['used', 'duplicate', 'unused', 'total', 'repack']),
      repack_remove: blobs.repackRemove,
      remove: blobs.remove,
      remove_total: blobs.removeTotal,
      remaining: blobs.remaining,
    },
    bytes: {
      ...pick(bytes, ['used', 'duplicate', 'unused', 'unreferenced', 'uncompressed', 'total', 'repack']),
      repack_remove: bytes.repackRemove,
      remove: bytes.remove,
      remove_total: bytes.removeTotal,
      remaining: bytes.remaining,
      remaining_unused: bytes.remainingUnused,
    },
    packfiles: {
      ...pick(packs, ['used', 'unused']),
      partly_used: packs.partlyUsed,
      ...pick(packs, ['unreferenced', 'total', 'keep', 'repack', 'remove']),
      remove_total: packs.removeTotal,
    },
  }
}

function pick<Fields extends object, Name extends keyof Fields>(fields: Fields, names: readonly Name[]): object {
  return Object.fromEntries(names.map((name) => [name, fields[name]]))
}

function printStatistics(printer: Printer, { blobs, bytes, packs }: PruneStatistics): void {
  const line = (heading: string, count: number, size: number): string =>
    `${heading.padEnd(14)}${padNumber(count, 10)} blobs / ${formatBytes(size)}`
  printer.detail('')
  printer.detail(line('used:', blobs.used, bytes.used))
  if (blobs.duplicate > 0) printer.detail(line('duplicates:', blobs.duplicate, bytes.duplicate))
  printer.detail(line('unused:', blobs.unused, bytes.unused))
  if (bytes.unreferenced > 0) printer.detail(`unreferenced:                    ${formatBytes(bytes.unreferenced)}`)
  printer.detail(line('total:', blobs.total, bytes.total))
  printer.detail(`unused size: ${formatPercent(bytes.duplicate + bytes.unused, bytes.total)} of total size`)
  printer.info('')
  printer.info(line('to repack:', blobs.repack, bytes.repack))
  printer.info(line('this removes:', blobs.repackRemove, bytes.repackRemove))
  printer.info(line('to delete:', blobs.remove, bytes.remove + bytes.unreferenced))
  printer.info(line('total prune:', blobs.removeTotal, bytes.removeTotal))
  if (bytes.uncompressed > 0) printer.info(`not yet compressed:              ${formatBytes(bytes.uncompressed)}`)
  printer.info(line('remaining:', blobs.remaining, bytes.remaining))
  const share = formatPercent(bytes.remainingUnused, bytes.remaining)
  printer.info(`unused size after prune: ${formatBytes(bytes.remainingUnused)} (${share} of remaining size)`)
  printer.info('')
  printer.detail(`totally used packs: ${padNumber(packs.used, 10)}`)
  printer.detail(`partly used packs:  ${padNumber(packs.partlyUsed, 10)}`)
  printer.detail(`unused packs:       ${padNumber(packs.unused, 10)}`)
  printer.detail('')
  printer.detail(`to keep:      ${padNumber(packs.keep, 10)} packs`)
  printer.detail(`to repack:    ${padNumber(packs.repack, 10)} packs`)
  printer.detail(`to delete:    ${padNumber(packs.remove, 10)} packs`)
  if (packs.unreferenced > 0) printer.detail(`to delete:    ${padNumber(packs.unreferenced, 10)} unreferenced packs`)
}
