import type { ByteString } from '../../format/byte-string.ts'
import type { BlobId } from '../../format/ids.ts'
import { addCounts, type BackupCounts, noCounts, SEGMENT_BYTES, type SegmentAnswer } from './backup-tasks.ts'
import type { BackupWorkers } from './backup-workers.ts'
import { createSegmentChain, takeCut } from './segment-chain.ts'

/** Segments of one file that are under way at once, for each worker: one is worked on, one waits in front of it. */
const SEGMENTS_PER_WORKER = 2

export interface LargeFile {
  readonly descriptor: number
  readonly path: ByteString
  /** The size at the time of opening; what the file has grown by since is read as well. */
  readonly sizeBytes: number
  readonly onSegment: (bytes: number) => void
}

/** Has all workers cut and store one open file. Resolves with its blobs in order and the bytes that were read. */
export async function storeLargeFile(
  workers: BackupWorkers,
  file: LargeFile,
): Promise<{ readonly content: BlobId[]; readonly sizeBytes: number; readonly counts: BackupCounts }> {
  const content: BlobId[] = []
  const counts = noCounts()
  let position = 0
  for (let hasEnded = false; !hasEnded; ) {
    const segments = Math.max(1, Math.ceil((file.sizeBytes - position) / SEGMENT_BYTES))
    const chain = createSegmentChain(segments, position)
    const answers = await readSegments(workers, { file, chain, segments, start: position })
    for (const answer of answers) {
      content.push(...answer.content)
      position += answer.bytesRead
      addCounts(counts, answer.counts)
      hasEnded ||= answer.hasEnded
    }
    hasEnded ||= (takeCut(chain, segments) ?? -1) < 0
  }
  return { content, sizeBytes: position, counts }
}

async function readSegments(
  workers: BackupWorkers,
  work: { readonly file: LargeFile; readonly chain: SharedArrayBuffer; readonly segments: number; readonly start: number },
): Promise<SegmentAnswer[]> {
  const { file, chain, segments, start } = work
  const answers: SegmentAnswer[] = []
  const failures: unknown[] = []
  let next = 0
  const runner = async (): Promise<void> => {
    while (next < segments && failures.length === 0) {
      const segment = next++
      const from = start + segment * SEGMENT_BYTES
      try {
        const answer = await workers.readSegment({
          kind: 'segment',
          descriptor: file.descriptor,
          path: file.path,
          start: from,
          end: from + SEGMENT_BYTES,
          chain,
          segment,
        })
        answers[segment] = answer
        file.onSegment(answer.bytesRead)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  // All runners must have ended before the descriptor may be closed.
  await Promise.all(Array.from({ length: workers.workerCount * SEGMENTS_PER_WORKER }, runner))
  if (failures.length > 0) throw failures[0]
  return answers
}
