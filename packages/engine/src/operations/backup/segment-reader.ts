import { type CutFinder, resolveCut } from '../../chunker/cut-finder.ts'
import type { BlobId } from '../../format/ids.ts'
import { noCounts, type SegmentAnswer, type SegmentTask } from './backup-tasks.ts'
import { fillFrom } from './read-fully.ts'
import { publishCut, takeCut, waitForCut } from './segment-chain.ts'
import type { ChunkStore } from './worker-blob-store.ts'

/** How much is searched for candidates between two looks at the chain. */
const SPECULATION_BYTES = 512 * 1024
/** The most runs of candidates that one search can find, as pairs: a run, then at least one byte that is none. */
const CANDIDATES_KEPT_FREE = SPECULATION_BYTES + 128

/**
 * Cuts one segment of a large file while other workers cut its neighbours. Where the first chunk begins is only known when the segment
 * before is cut. Until then the worker lists all places where a cut is possible: those depend on 64 bytes alone. Afterwards it resolves
 * the cuts, tells the next segment where to begin, and only then stores its chunks, which is most of the work.
 */
export class SegmentReader {
  readonly #cutFinder: CutFinder
  readonly #store: ChunkStore
  readonly #candidates = new Uint32Array(2 * CANDIDATES_KEPT_FREE)

  constructor(options: { readonly cutFinder: CutFinder; readonly store: ChunkStore }) {
    this.#cutFinder = options.cutFinder
    this.#store = options.store
  }

  /** Stores all chunks that begin in the segment. @throws Node's system error when the file cannot be read. */
  readSegment(task: SegmentTask): SegmentAnswer {
    try {
      return this.#readSegment(task)
    } catch (error) {
      // The workers behind must not wait for ever.
      publishCut(task.chain, task.segment + 1, { failed: true })
      throw error
    }
  }

  #readSegment(task: SegmentTask): SegmentAnswer {
    const { buffer } = this.#cutFinder
    const counts = noCounts()
    const wantedBytes = task.end - task.start
    const readBytes = fillFrom(task.descriptor, { buffer, from: 0, position: task.start, to: wantedBytes })
    const speculation = this.#speculate(task, readBytes)
    const chainStart = waitForCut(task.chain, task.segment)
    const first = chainStart - task.start
    if (first < 0 || first >= readBytes) {
      // The file could not be read up to here, or it has become shorter.
      publishCut(task.chain, task.segment + 1, chainStart < 0 ? { failed: true } : { position: chainStart })
      return { content: [], bytesRead: 0, hasEnded: true, counts }
    }
    const { cuts, hasEnded } = this.#cut(task, { first, readBytes, speculation })
    const last = cuts.at(-1) ?? first
    publishCut(task.chain, task.segment + 1, { position: task.start + last })
    return { content: this.#storeChunks(first, { cuts, counts }), bytesRead: last - first, hasEnded, counts }
  }

  /** The ends of all chunks that begin in the segment. The last one may reach beyond it: the file is read on until that is decided. */
  #cut(task: SegmentTask, known: { readonly first: number; readonly readBytes: number; readonly speculation: Speculation }): SegmentCuts {
    const { buffer } = this.#cutFinder
    const wantedBytes = task.end - task.start
    const cuts: number[] = []
    let end = known.readBytes
    let hasEnded = end < wantedBytes
    for (let start = known.first; start < Math.min(wantedBytes, end); start = cuts.at(-1) ?? end) {
      let cut = this.#resolve(start, { speculation: known.speculation, end })
      while (cut === -1) {
        const searchedTo = end
        const to = Math.min(buffer.length, end + SPECULATION_BYTES)
        end += hasEnded ? 0 : fillFrom(task.descriptor, { buffer, from: end, position: task.start + end, to })
        hasEnded ||= end < to
        cut = this.#cutFinder.nextCut(start, end, { searchedTo })
        if (cut === -1 && hasEnded) cut = end
      }
      cuts.push(cut)
    }
    return { cuts, hasEnded }
  }

  #storeChunks(first: number, chunks: { readonly cuts: readonly number[]; readonly counts: SegmentAnswer['counts'] }): BlobId[] {
    let start = first
    return chunks.cuts.map((cut) => {
      const id = this.#store.save(this.#cutFinder.buffer.subarray(start, cut), chunks.counts)
      start = cut
      return id
    })
  }

  /** Lists candidates from the segment's beginning on, for as long as the chain has not come to it. */
  #speculate(task: SegmentTask, end: number): Speculation {
    let searchedTo = 0
    let count = 0
    while (searchedTo < end && takeCut(task.chain, task.segment) === undefined) {
      const next = Math.min(end, searchedTo + SPECULATION_BYTES)
      const room = this.#candidates.subarray(count)
      // Content with a cut every few bytes exists, if only to be met with: then waiting is all that is left to do.
      if (room.length < CANDIDATES_KEPT_FREE) break
      // A candidate needs the 64 bytes before it, of which the piece before holds 63.
      count += this.#cutFinder.findCandidates(Math.max(0, searchedTo - 63), next, room)
      searchedTo = next
    }
    return { searchedTo, candidates: this.#candidates.subarray(0, count) }
  }

  #resolve(start: number, known: { readonly speculation: Speculation; readonly end: number }): number {
    const { searchedTo, candidates } = known.speculation
    const cut = searchedTo > start ? resolveCut(candidates, start, { end: searchedTo, limits: this.#cutFinder.limits }) : -1
    return cut === -1 ? this.#cutFinder.nextCut(start, known.end, { searchedTo: Math.max(start, searchedTo) }) : cut
  }
}

/** All places below `searchedTo` where a cut is possible. */
interface Speculation {
  readonly searchedTo: number
  readonly candidates: Uint32Array
}

interface SegmentCuts {
  readonly cuts: readonly number[]
  readonly hasEnded: boolean
}
