import { createHmac, hash } from 'node:crypto'
import { type CompressionMode, compressAlways } from '../../compression/zstd.ts'
import { EngineError } from '../../errors.ts'
import type { BlobId, SnapshotId } from '../../format/ids.ts'
import type { Tree } from '../../format/node.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import { decodeTree } from '../../format/tree.ts'
import type { Clock } from '../../host/clock.ts'
import type { Identity } from '../../host/machine.ts'
import { encodeBlobNames, FRAME_HEADER_BYTES, TREE_BYTES_MAX, writeFrame } from '../../repository/blob-frames.ts'
import { BlobIndex } from '../../repository/blob-index.ts'
import type { SavedBlob, WriteOptions } from '../../repository/repository-writer.ts'
import { TaskQueue } from '../../repository/task-queue.ts'
import type { CallOptions } from '../../storage/storage.ts'
import type { BackupDestination, DestinationOptions } from './backup-destination.ts'
import type { BlobsAsked, BlobsProven, FramesFinished, ParentTree, RemoteStoreSettings, StoreEvent } from './backup-tasks.ts'
import { createPackBuffers, type PackBufferHandle, releaseBuffer } from './pack-buffers.ts'
import {
  BOX_ANSWERED,
  BOX_FAILED,
  BOX_FREE,
  createQuestionBox,
  nonceOf,
  type QuestionBox,
  setBoxState,
  verdictsOf,
} from './question-box.ts'
import { FRAMES_BUFFER_BYTES } from './remote-blob-store.ts'
import { PROVE, type RemoteStore, SEND } from './remote-store.ts'

/** One buffer is filled, and two may be on their way. */
const BUFFERS_PER_WORKER = 3
/** Trees that are asked about together have at most so many bytes, or one tree has more; and they are at most so many. */
const TREES_BYTES = 2 * 1024 * 1024
const TREES_COUNT = 1024
/** Batches of trees on their way. */
const TREE_BATCHES = 2

interface PendingTree {
  readonly id: BlobId
  readonly json: Uint8Array
}

/** A repository behind a server: workers ask by way of the main thread what the server wants, and frame that; nothing is sealed here. */
export class RemoteDestination implements BackupDestination {
  readonly clock: Clock
  readonly identity: Identity
  readonly chunkerPolynomial: string
  readonly index: BlobIndex = BlobIndex.create()
  readonly laterCounts: BackupDestination['laterCounts'] = {
    data: { blobs: 0, bytesAdded: 0, bytesStored: 0 },
    trees: { blobs: 0, bytesAdded: 0, bytesStored: 0 },
  }
  readonly #store: RemoteStore
  readonly #compression: CompressionMode
  readonly #boxes: readonly (readonly QuestionBox[])[]
  readonly #buffers: readonly PackBufferHandle[]
  readonly #queue = new TaskQueue(TREE_BATCHES)
  #trees: PendingTree[] = []
  #treeBytes = 0
  #signal: AbortSignal | undefined

  constructor(store: RemoteStore, options: DestinationOptions) {
    this.#store = store
    this.clock = store.clock
    this.identity = store.identity
    this.chunkerPolynomial = store.chunkerPolynomial
    this.#compression = options.compression
    this.#boxes = Array.from({ length: options.workers }, () => [createQuestionBox(), createQuestionBox()])
    this.#buffers = Array.from({ length: options.workers }, () => createPackBuffers(FRAMES_BUFFER_BYTES, BUFFERS_PER_WORKER))
  }

  workerStore(worker: number): RemoteStoreSettings {
    return {
      kind: 'remote',
      compression: this.#compression,
      boxes: this.#boxes[worker] ?? [],
      buffers: this.#buffers[worker] ?? createPackBuffers(0, 1),
    }
  }

  async receive(event: StoreEvent, worker: number): Promise<void> {
    if ('asked' in event) return this.#answer(event, worker)
    if ('proven' in event) return this.#prove(event, worker)
    if ('frames' in event) return this.#send(event, worker)
  }

  async parentTree(id: BlobId): Promise<ParentTree> {
    return { id, json: await this.#store.readTree(id, { signal: this.#signal }) }
  }

  async readTree(id: BlobId): Promise<Tree> {
    return decodeTree(await this.#store.readTree(id, { signal: this.#signal }))
  }

  /** Takes a tree over, to be asked about together with others. Nothing is known of it yet but its id. */
  async saveTree(json: Uint8Array): Promise<SavedBlob> {
    if (json.length > TREE_BYTES_MAX) {
      throw new EngineError('repository.too-large', `Cannot send the tree of a folder: it has more than ${TREE_BYTES_MAX} bytes`)
    }
    const id = hash('sha256', json, 'hex') as BlobId
    if (this.index.claim('tree', id)) {
      this.#trees.push({ id, json })
      this.#treeBytes += json.length
      if (this.#treeBytes >= TREES_BYTES || this.#trees.length >= TREES_COUNT) await this.#sendTrees()
    }
    return { id, isNew: false, storedBytes: 0 }
  }

  async write<T>(action: () => Promise<T>, options: WriteOptions): Promise<T> {
    this.#signal = options.signal
    await options.permission
    try {
      const result = await action()
      await this.#sendTrees()
      await this.#queue.drain()
      return result
    } finally {
      await this.#queue.settle()
    }
  }

  saveSnapshot(snapshot: Snapshot, options: CallOptions): Promise<SnapshotId> {
    return this.#store.saveSnapshot(snapshot, options)
  }

  async #answer(event: BlobsAsked, worker: number): Promise<void> {
    const box = this.#boxOf(event, worker)
    try {
      const { nonce, verdicts } = await this.#store.ask(event.asked, { signal: this.#signal })
      nonceOf(box).set(nonce.subarray(0, 32))
      verdictsOf(box).set(verdicts.subarray(0, verdictsOf(box).length))
      setBoxState(box, BOX_ANSWERED)
    } catch (error) {
      setBoxState(box, BOX_FAILED)
      throw error
    }
  }

  async #prove(event: BlobsProven, worker: number): Promise<void> {
    const box = this.#boxOf(event, worker)
    try {
      await this.#store.prove(event.nonce, event.proven, { signal: this.#signal })
      setBoxState(box, BOX_FREE)
    } catch (error) {
      setBoxState(box, BOX_FAILED)
      throw error
    }
  }

  async #send(event: FramesFinished, worker: number): Promise<void> {
    const buffers = this.#buffers[worker]
    const shared = buffers?.buffers[event.frames]
    if (buffers === undefined || shared === undefined) return
    try {
      await this.#store.send(new Uint8Array(shared, 0, event.lengthBytes), { signal: this.#signal })
    } finally {
      // After a failure too: a worker that waits for a buffer would never end its task.
      releaseBuffer(buffers, event.frames)
    }
    addStored(this.laterCounts.data, event.counts)
  }

  #boxOf({ box }: { readonly box: number }, worker: number): QuestionBox {
    return this.#boxes[worker]?.[box] ?? createQuestionBox()
  }

  /** Begins to ask about the trees that are there, and to send what is wanted of them. Resolves when there is room for it. */
  async #sendTrees(): Promise<void> {
    const trees = this.#trees
    this.#trees = []
    this.#treeBytes = 0
    if (trees.length > 0) await this.#queue.add(() => this.#storeTrees(trees))
  }

  async #storeTrees(trees: readonly PendingTree[]): Promise<void> {
    const options = { signal: this.#signal }
    const { nonce, verdicts } = await this.#store.ask(encodeBlobNames(trees.map(({ id }) => ({ type: 'tree', id }))), options)
    const wanted = trees.filter((_, position) => verdicts[position] === SEND)
    const known = trees.filter((_, position) => verdicts[position] === PROVE)
    if (known.length > 0) {
      const names = encodeBlobNames(known.map(({ id }) => ({ type: 'tree', id })))
      const proofs = Buffer.concat(known.map(({ json }) => createHmac('sha256', nonce).update(json).digest()))
      await this.#store.prove(nonce, { names, proofs }, options)
    }
    if (wanted.length === 0) return
    const { frames, bytesStored } = framesOf(wanted)
    await this.#store.send(frames, options)
    const bytesAdded = wanted.reduce((sum, { json }) => sum + json.length, 0)
    addStored(this.laterCounts.trees, { blobs: wanted.length, bytesAdded, bytesStored })
  }
}

function framesOf(trees: readonly PendingTree[]): { readonly frames: Uint8Array; readonly bytesStored: number } {
  const contents = trees.map(({ json }) => compressAlways(json))
  const bytesStored = contents.reduce((sum, content) => sum + content.length, 0)
  const frames = Buffer.allocUnsafe(bytesStored + trees.length * FRAME_HEADER_BYTES)
  let offset = 0
  for (const [position, { id, json }] of trees.entries()) {
    const content = contents[position] ?? Buffer.alloc(0)
    const head = { type: 'tree', digest: Buffer.from(id, 'hex'), isCompressed: true, plaintextLength: json.length } as const
    offset = writeFrame(frames, offset, { ...head, content })
  }
  return { frames, bytesStored }
}

function addStored(sum: { blobs: number; bytesAdded: number; bytesStored: number }, part: Readonly<typeof sum>): void {
  sum.blobs += part.blobs
  sum.bytesAdded += part.bytesAdded
  sum.bytesStored += part.bytesStored
}
