/** Chunks of one file that follow each other. */
export interface ChunkRun {
  readonly path: string
  /** Where in the file the first chunk begins. */
  readonly start: number
  readonly chunks: readonly PlannedChunk[]
}

export interface PlannedChunk {
  readonly lengthBytes: number
  /** Whether no chunk before it has the same content. */
  readonly isNew: boolean
}

/** What one thread does at a stretch. */
export type LimitTask = readonly ChunkRun[]

/** The work of the limit, prepared so that nothing but the work itself is left to do. */
export interface LimitPlan {
  readonly tasks: readonly LimitTask[]
  readonly largestChunkBytes: number
}

/**
 * How much of the work is done. `everything`: each chunk is read, hashed, compressed and sealed. `engine`: chunks that are there already
 * are neither compressed nor sealed, and incompressible ones are recognised by samples, as the engine does.
 */
export type LimitMode = 'everything' | 'engine'

/** What the threads of the limit share. */
export interface LimitWorkerData {
  readonly plan: LimitPlan
  readonly mode: LimitMode
  /** Two words: 1 once the threads may begin, and the number of the next task. */
  readonly control: SharedArrayBuffer
}

export const STARTED = 0
export const NEXT_TASK = 1
