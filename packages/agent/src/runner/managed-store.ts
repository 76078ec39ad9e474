import { createHmac } from 'node:crypto'
import {
  type BlobId,
  type BlobProofs,
  type Clock,
  currentIdentity,
  EngineError,
  encodeBlobNames,
  frameBatches,
  type Identity,
  openFrame,
  PROVE,
  type RemoteStore,
  readFrames,
  SEND,
  type Snapshot,
  type SnapshotId,
  type StoreAnswer,
} from '@holdfast/engine'
import { decodeAnswer, encodeProofs, type UploadOpened, uploadCommittedSchema } from '@holdfast/protocol'
import { callForStream, callPatiently, type RetryOptions, type UploadCall, type UploadLink } from './upload-link.ts'

interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** Trees that came ahead of being wanted, as they came; beyond this the oldest are dropped, and asked for again if need be. */
const TREES_AHEAD_BYTES_MAX = 64 * 1024 * 1024

/** A repository behind a server, for one backup: an upload of the server's, with every call repeated until it succeeds. */
export class ManagedStore implements RemoteStore {
  readonly location: string
  readonly clock: Clock
  readonly identity: Identity = currentIdentity()
  readonly chunkerPolynomial: string
  readonly #link: UploadLink
  readonly #path: string
  readonly #retry: RetryOptions
  readonly #trees = new Map<BlobId, Uint8Array>()
  #treeBytes = 0
  #refusal: unknown
  /** Answers with trees that are coming in. */
  readonly #incoming = new Set<Promise<void>>()
  readonly #wanted = new Map<BlobId, (() => void)[]>()

  constructor(link: UploadLink, opened: UploadOpened, retry: RetryOptions) {
    this.#link = link
    this.#path = `/agent/v1/uploads/${opened.uploadId}`
    this.#retry = retry
    this.location = link.location
    this.clock = link.clock
    this.chunkerPolynomial = opened.chunkerPolynomial
  }

  /** What a call failed with first: threads that wait for its answer only know that there is none. */
  get refusal(): unknown {
    return this.#refusal
  }

  async ask(names: Uint8Array, options: CallOptions = {}): Promise<StoreAnswer> {
    const answer = decodeAnswer(await this.#call({ method: 'POST', path: `${this.#path}/ids`, body: names, ...options }))
    if (answer === undefined) throw new EngineError('data.malformed', `Cannot understand ${this.location}: an answer is too short`)
    return answer
  }

  async prove(nonce: Uint8Array, { names, proofs }: BlobProofs, options: CallOptions = {}): Promise<void> {
    const body = encodeProofs({ nonce, names, proofs })
    await this.#call({ method: 'POST', path: `${this.#path}/proofs`, body, ...options })
  }

  async send(frames: Uint8Array, options: CallOptions = {}): Promise<void> {
    const call = { method: 'POST', path: `${this.#path}/blobs`, ...options } as const
    const again = async (): Promise<UploadCall | undefined> => {
      const body = await this.#stillWanted(frames, options)
      return body === undefined ? undefined : { ...call, body }
    }
    await this.#noted(callPatiently(this.#link, { ...call, body: frames }, { ...this.#retry, again }))
  }

  async readTree(id: BlobId, options: CallOptions = {}): Promise<Uint8Array> {
    for (;;) {
      const known = this.#takeTree(id)
      if (known !== undefined) return known
      if (this.#incoming.size === 0) break
      await this.#arrival(id)
    }
    await this.#fetchTrees(id, options)
    const tree = this.#takeTree(id)
    if (tree === undefined)
      throw new EngineError('data.missing', `Cannot read tree ${id.slice(0, 10)} of the parent: the server does not give it`)
    return tree
  }

  async saveSnapshot(snapshot: Snapshot, options: CallOptions = {}): Promise<SnapshotId> {
    const { tree, time, paths, tags, excludes, parent, program_version: programVersion, summary } = snapshot
    const body = { tree, time, paths, tags, excludes, parent, programVersion, summary }
    const reply = await this.#call({ method: 'POST', path: `${this.#path}/commit`, body, ...options })
    return uploadCommittedSchema.parse(JSON.parse(reply.toString('utf8'))).snapshotId as SnapshotId
  }

  /** Tells the server that there will be no snapshot. Never rejects: the server finds out by itself, later. */
  async abandon(): Promise<void> {
    await this.#link.call({ method: 'DELETE', path: this.#path, body: undefined }).catch(() => undefined)
  }

  #call(call: UploadCall): Promise<Buffer> {
    return this.#noted(callPatiently(this.#link, call, this.#retry))
  }

  async #noted(answer: Promise<Buffer>): Promise<Buffer> {
    try {
      return await answer
    } catch (error) {
      this.#refusal ??= error
      throw error
    }
  }

  /** After a failure: the frames that the server still lacks, if there are any. Those that it got from others meanwhile are proven. */
  async #stillWanted(bytes: Uint8Array, options: CallOptions): Promise<Buffer | undefined> {
    const frames = [...readFrames(bytes)]
    const { nonce, verdicts } = await this.ask(encodeBlobNames(frames), options)
    const known = frames.filter((_, position) => verdicts[position] === PROVE)
    if (known.length > 0) {
      const proofs = Buffer.concat(known.map((frame) => createHmac('sha256', nonce).update(openFrame(frame)).digest()))
      await this.prove(nonce, { names: encodeBlobNames(known), proofs }, options)
    }
    const wanted = frames.filter((_, position) => verdicts[position] === SEND)
    return wanted.length === 0 ? undefined : Buffer.concat(wanted.map(({ bytes }) => bytes))
  }

  /** Asks for a tree; with it come those that will be wanted next. Resolves when it is there, and the others are on their way. */
  async #fetchTrees(id: BlobId, options: CallOptions): Promise<void> {
    const call = { method: 'POST', path: `${this.#path}/trees`, body: { trees: [id] }, ...options } as const
    const coming = this.#receiveTrees(call).finally(() => {
      this.#incoming.delete(coming)
      for (const wake of [...this.#wanted.values()].flat()) wake()
      this.#wanted.clear()
    })
    this.#incoming.add(coming)
    coming.catch(() => undefined)
    await Promise.race([coming, this.#arrival(id)])
  }

  async #receiveTrees(call: UploadCall): Promise<void> {
    for await (const { pieces } of frameBatches(await callForStream(this.#link, call), { batchBytes: 1 })) {
      for (const { id, bytes } of readFrames(Buffer.concat(pieces))) this.#keepTree(id, bytes)
    }
  }

  #arrival(id: BlobId): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#wanted.get(id)
      if (waiting === undefined) this.#wanted.set(id, [resolve])
      else waiting.push(resolve)
    })
  }

  #keepTree(id: BlobId, frame: Uint8Array): void {
    if (this.#trees.has(id)) return
    this.#trees.set(id, frame)
    this.#treeBytes += frame.length
    for (const [oldest, bytes] of this.#trees) {
      if (this.#treeBytes <= TREES_AHEAD_BYTES_MAX) break
      this.#trees.delete(oldest)
      this.#treeBytes -= bytes.length
    }
    for (const wake of this.#wanted.get(id) ?? []) wake()
    this.#wanted.delete(id)
  }

  #takeTree(id: BlobId): Uint8Array | undefined {
    const bytes = this.#trees.get(id)
    if (bytes === undefined) return undefined
    this.#trees.delete(id)
    this.#treeBytes -= bytes.length
    const [frame] = readFrames(bytes)
    return frame === undefined ? undefined : Uint8Array.from(openFrame(frame))
  }
}
