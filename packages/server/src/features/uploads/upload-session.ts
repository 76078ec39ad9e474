import {
  type BlobId,
  BlobSet,
  type BlobType,
  decodeBlobNames,
  frameBatches,
  HAVE,
  type IngestedBlob,
  isEngineError,
  PROVE,
  SEND,
  type StoreAnswer,
  secureRandom,
} from '@holdfast/engine'
import { QUESTION_BLOBS, type UploadProofs } from '@holdfast/protocol'
import { isServerError, ServerError } from '../../errors.ts'
import type { HostedRepository } from '../repositories/repository-host.ts'

/** What an upload remembers beyond its end: which blobs a client has sent or shown for a snapshot. Names are 33 bytes in hexadecimal. */
export interface UploadLedger {
  /** Those of the names that are the client's. */
  having(names: readonly string[]): Promise<ReadonlySet<string>>
  add(names: Iterable<string>): Promise<void>
}

/** How much an upload may store. */
export interface SessionRoom {
  /** So many bytes are to be stored. @throws {ServerError} `quota.exceeded` */
  send(sizeBytes: number): Promise<void>
  /** The client is about to use so many bytes that are stored already. */
  use(sizeBytes: number): void
}

interface NamedBlob {
  readonly type: BlobType
  readonly id: BlobId
}

/** Answers that wait for proofs. A client has one for each batch that it is at; a hostile one as many as it likes. */
const OPEN_ANSWERS_MAX = 128
/** Blobs that trees have named before the client has sent or shown them: those on their way, never many. */
const AWAITED_BLOBS_MAX = 1_000_000
/** Names that are looked up together. */
const LOOKUP_NAMES = 4096

/**
 * One upload of one client: what it may rely on, and what it still owes. Rights are kept by blob: a blob is the client's when a snapshot of
 * the client names it, or when the client has sent it or shown that it has it within this upload. Trees are held against that as they come,
 * so that a snapshot can be accepted without reading it again: all that its trees name is the client's, and in the repository.
 *
 * That the repository has a blob is told, as `prove`, to whoever names it: without that nothing would be stored once for many clients. A
 * client learns no more by it, and cannot use the blob unless it has the content.
 */
export class UploadSession {
  readonly #hosted: HostedRepository
  readonly #ledger: UploadLedger
  readonly #room: SessionRoom | undefined
  readonly #owned: BlobSet
  /** Of the owned ones those that the ledger does not have. */
  readonly #fresh: BlobSet
  /** Named by trees, and not the client's yet. */
  readonly #awaited = new Set<string>()
  /** For each nonce the names that may be shown with it. */
  readonly #answers = new Map<string, Set<string>>()
  readonly #calls = new Set<Promise<unknown>>()
  #failure: { readonly error: unknown } | undefined

  /** Without `room` nothing is counted. */
  constructor(hosted: HostedRepository, { ledger, room }: { readonly ledger: UploadLedger; readonly room?: SessionRoom | undefined }) {
    this.#hosted = hosted
    this.#ledger = ledger
    this.#room = room
    this.#owned = new BlobSet(hosted.indexed.index)
    this.#fresh = new BlobSet(hosted.indexed.index)
  }

  /** What the client is to do about each of the blobs. @throws {ServerError} `request.invalid`, as all methods for what makes no sense. */
  ask(question: Uint8Array): Promise<StoreAnswer> {
    return this.#call(async () => {
      const blobs = decodeBlobNames(question)
      if (blobs.length > QUESTION_BLOBS) throw invalid(`a question is about ${QUESTION_BLOBS} blobs at most`)
      await this.#recall(blobs)
      const nonce = secureRandom(32)
      const verdicts = new Uint8Array(blobs.length)
      const provable = new Set<string>()
      for (const [position, blob] of blobs.entries()) {
        const verdict = this.#verdictOn(blob)
        verdicts[position] = verdict
        if (verdict === PROVE) provable.add(nameOf(blob))
      }
      // Before anything is sent beside: what is used that is there already comes first.
      this.#room?.use(this.#sizeOf(blobs.filter((blob) => provable.has(nameOf(blob)))))
      if (provable.size > 0) this.#openAnswer(nonce.toString('hex'), provable)
      return { nonce, verdicts }
    })
  }

  /** Takes proofs. Each nonce is good once for each blob; that a proof comes again after a lost answer changes nothing. */
  prove({ nonce, names, proofs }: UploadProofs): Promise<void> {
    return this.#call(async () => {
      const blobs = decodeBlobNames(names)
      const provable = this.#answers.get(Buffer.from(nonce).toString('hex')) ?? new Set<string>()
      const open = blobs.map((blob) => provable.delete(nameOf(blob)))
      if (provable.size === 0) this.#answers.delete(Buffer.from(nonce).toString('hex'))
      const claimed: NamedBlob[] = []
      const shown: Uint8Array[] = []
      for (const [position, blob] of blobs.entries()) {
        if (open[position] === true) {
          claimed.push(blob)
          shown.push(proofs.subarray(position * 32, (position + 1) * 32))
        } else if (!this.#owned.has(blob.type, blob.id))
          throw invalid('a proof is for a nonce that was not given for it, or was used before')
      }
      const checked = await this.#hosted.ingest.check(nonce, { blobs: claimed, proofs: Buffer.concat(shown) }).catch((cause: unknown) => {
        // What the repository has lost is no lie of the client.
        throw new ServerError('server.unavailable', 'Cannot check the proofs: the repository cannot be read', { cause })
      })
      if (checked.some(({ isProven }) => !isProven)) throw invalid('a proof is wrong')
      await this.#takeOver(claimed.map((blob, position) => ({ ...blob, references: checked[position]?.references })))
    })
  }

  /** Takes frames as they come. What came whole before the stream breaks off is the client's. */
  receive(stream: AsyncIterable<Uint8Array>): Promise<void> {
    return this.#call(async () => {
      for await (const batch of frameBatches(stream)) {
        await this.#room?.send(batch.lengthBytes)
        await this.#takeOver(await this.#hosted.ingest.take(batch))
      }
    })
  }

  /** The trees of these that are the client's: those of its snapshots, and what it has sent. */
  ownTrees(ids: readonly BlobId[]): Promise<readonly BlobId[]> {
    return this.#call(async () => {
      await this.#recall(ids.map((id) => ({ type: 'tree', id })))
      return ids.filter((id) => this.#owned.has('tree', id) && this.#hosted.indexed.index.find('tree', id) !== undefined)
    })
  }

  /**
   * Makes all that was taken durable, and the client's, if a snapshot of `tree` may be made.
   * @throws {ServerError} `request.invalid` when the tree, or anything that a tree names, was not had, sent or shown.
   */
  async seal(tree: BlobId): Promise<void> {
    await Promise.allSettled(this.#calls)
    return this.#call(async () => {
      await this.#recall([{ type: 'tree', id: tree }])
      if (!this.#owned.has('tree', tree)) throw invalid(`the tree ${tree.slice(0, 10)} was not sent`)
      const [missing] = this.#awaited
      if (missing !== undefined) throw invalid(`${this.#awaited.size} blobs were not sent that trees name, such as ${missing.slice(2, 12)}`)
      await this.#hosted.checkpoint()
      if (this.#fresh.size > 0) await this.#ledger.add(namesOfSet(this.#fresh))
    })
  }

  /**
   * Runs a call unless one has failed before: after a lie, beyond the quota, or when the repository was lost, nothing of this upload counts
   * any more.
   */
  async #call<T>(action: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#hosted.signal.aborted) throw lostUpload()
    const running = action().catch((error: unknown) => {
      throw this.#failed(error)
    })
    this.#calls.add(running)
    try {
      return await running
    } finally {
      this.#calls.delete(running)
    }
  }

  /** What to answer for an error; whether it ends the upload is noted. */
  #failed(error: unknown): unknown {
    if (this.#hosted.signal.aborted) return lostUpload()
    const isLie = isEngineError(error, 'data.malformed', 'data.damaged', 'repository.too-large')
    const answer = isLie ? invalid(error.message) : error
    if (isServerError(answer, 'request.invalid', 'quota.exceeded')) this.#failure ??= { error: answer }
    return answer
  }

  #verdictOn({ type, id }: NamedBlob): number {
    if (this.#owned.has(type, id)) return HAVE
    // What is only claimed is on its way from another client: until it can be read, nobody can show that it has it.
    return this.#hosted.indexed.index.find(type, id) === undefined ? SEND : PROVE
  }

  #sizeOf(blobs: readonly NamedBlob[]): number {
    const { index } = this.#hosted.indexed
    return blobs.reduce((sum, { type, id }) => sum + (index.find(type, id)?.length ?? 0), 0)
  }

  #openAnswer(nonce: string, provable: Set<string>): void {
    const [oldest] = this.#answers.keys()
    if (this.#answers.size >= OPEN_ANSWERS_MAX && oldest !== undefined) this.#answers.delete(oldest)
    this.#answers.set(nonce, provable)
  }

  /** Looks up in the ledger what the repository has and this upload does not know to be the client's. */
  async #recall(blobs: readonly NamedBlob[]): Promise<void> {
    const { index } = this.#hosted.indexed
    const unknown = blobs.filter(({ type, id }) => !this.#owned.has(type, id) && index.find(type, id) !== undefined)
    for (let from = 0; from < unknown.length; from += LOOKUP_NAMES) {
      const part = unknown.slice(from, from + LOOKUP_NAMES)
      const known = await this.#ledger.having(part.map(nameOf))
      for (const blob of part) if (known.has(nameOf(blob))) this.#owned.add(blob.type, blob.id)
    }
  }

  async #takeOver(blobs: readonly IngestedBlob[]): Promise<void> {
    for (const blob of blobs) {
      this.#awaited.delete(nameOf(blob))
      if (this.#owned.add(blob.type, blob.id)) this.#fresh.add(blob.type, blob.id)
    }
    for (const { references } of blobs) if (references !== undefined) await this.#await(decodeBlobNames(references))
  }

  async #await(references: readonly NamedBlob[]): Promise<void> {
    await this.#recall(references)
    for (const reference of references) {
      if (!this.#owned.has(reference.type, reference.id)) this.#awaited.add(nameOf(reference))
    }
    if (this.#awaited.size > AWAITED_BLOBS_MAX) throw invalid('trees name too many blobs that were not sent')
  }
}

function nameOf({ type, id }: NamedBlob): string {
  return `${type === 'tree' ? '01' : '00'}${id}`
}

/** Data first: interrupted, nothing is noted whose parts are not. */
function* namesOfSet(set: BlobSet): Generator<string> {
  for (const wanted of ['data', 'tree'] as const) for (const blob of set) if (blob.type === wanted) yield nameOf(blob)
}

function invalid(state: string): ServerError {
  return new ServerError('request.invalid', `Cannot go on with the upload: ${state}`)
}

/** The failure of an upload whose repository was given up under it. */
function lostUpload(): ServerError {
  return new ServerError('not-found', 'Cannot go on with the upload: the server has given it up; begin a new one')
}
