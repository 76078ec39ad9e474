import { type ByteString, displayText, joinBytes } from '../../format/byte-string.ts'
import type { TreeNode } from '../../format/node.ts'
import { findStatus } from '../../host/file-status.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { compareParts } from './compare-parts.ts'
import { LocalTrees } from './local-trees.ts'
import type { NumberSet } from './number-set.ts'
import { type FilePart, locateInParts, type RestoredFile, totalBytes } from './restore-batch.ts'
import { restoreItems } from './restore-items.ts'
import type { RestoreRequest } from './restore-request.ts'
import type { RestoreWorkers } from './restore-workers.ts'

export interface VerifyParts {
  readonly workers: RestoreWorkers
  /** The files that were written, by their number in the walk. */
  readonly restored: NumberSet
  readonly signal: AbortSignal | undefined
  readonly onVerified: () => void
  readonly onDifferent: (location: ByteString, message: string) => void
}

/** Blobs that are compared before the next files are looked for. */
const GROUP_BLOBS_MAX = 20_000

/** Reads all files that a restore wrote and compares them with the snapshot, once everything is in place. */
export async function verifyRestored(indexed: IndexedRepository, request: RestoreRequest, parts: VerifyParts): Promise<void> {
  const { restored, signal } = parts
  let ordinal = 0
  let group: FilePart[] = []
  let blobs = 0
  using trees = LocalTrees.over(indexed)
  for await (const item of restoreItems(trees, request, signal)) {
    if (item.kind !== 'entry' || item.node.type !== 'file' || !restored.has(ordinal++)) continue
    for (const part of partsOf(indexed, request, item)) {
      group.push(part)
      blobs += part.blobs.length + 1
      if (blobs < GROUP_BLOBS_MAX) continue
      await verifyGroup(parts, group)
      group = []
      blobs = 0
    }
  }
  await verifyGroup(parts, group)
}

async function verifyGroup({ workers, signal, onVerified, onDifferent }: VerifyParts, group: readonly FilePart[]): Promise<void> {
  await compareParts(workers, group, signal)
  for (const { file, matches, isLast } of group) {
    if (matches?.includes(0) === true) file.failed = true
    if (!isLast) continue
    const sizeBytes = findStatus(file.path)?.sizeBytes
    if (!file.failed && sizeBytes === file.sizeBytes) onVerified()
    else onDifferent(file.location, `Cannot verify ${displayText(file.path)}: its content is not that of the snapshot`)
  }
}

function* partsOf(
  { index }: IndexedRepository,
  { target }: RestoreRequest,
  { path: location, node }: { readonly path: ByteString; readonly node: TreeNode },
): Generator<FilePart> {
  const path = joinBytes(target, location.slice(1) as ByteString)
  const unused = {
    ordinal: 0,
    before: 'file',
    sizeBefore: 0,
    hasOtherNames: false,
    compare: true,
    changed: false,
    prepared: true,
    matchedBytes: 0,
  } as const
  const file: RestoredFile & { sizeBytes: number } = {
    ...unused,
    location,
    path,
    node,
    sizeBytes: 0,
    hasSeveralParts: false,
    failed: false,
  }
  for (const { blobs, isLast } of locateInParts(index, node.content ?? [])) {
    const offset = file.sizeBytes
    file.sizeBytes += totalBytes(blobs)
    yield { file, offset, blobs, isLast, matches: undefined }
  }
}
