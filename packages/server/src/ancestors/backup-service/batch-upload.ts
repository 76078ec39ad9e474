import { createHash, createHmac } from 'node:crypto'
import { posix } from 'node:path'
import { promisify } from 'node:util'
import { zstdCompress } from 'node:zlib'
import { type BlobId, type BlobType, cutStream, encodeBlobNames, PROVE, parsePolynomial, SEND, StreamCutter } from '@holdfast/engine'
import { QUESTION_BLOBS } from '@holdfast/protocol'
import type { UploadSession } from '../../features/uploads/upload-session.ts'
import { fileNode, SnapshotFolders } from './snapshot-folders.ts'

const compress = promisify(zstdCompress)

/** Chunks that are asked about together. */
const BATCH_BYTES = 16 * 1024 * 1024
const FRAME_HEAD_BYTES = 44
/** Folders below folders. Nobody has so many, and each costs time whenever a snapshot is made. */
const FOLDERS_MAX = 256

/** A file of a snapshot in the making. */
export interface BatchFile {
  /** In the snapshot: absolute, with slashes. */
  readonly path: string
  readonly modifiedAt: number
  readonly sizeBytes: number
  content(): AsyncIterable<Uint8Array>
}

interface Chunk {
  readonly type: BlobType
  readonly id: BlobId
  readonly plaintext: Buffer
}

/** Brings files into an upload as an agent would, within this process. Gives the root tree, and how much the repository has grown by. */
export async function uploadBatch(
  call: <Result>(action: (session: UploadSession) => Promise<Result>) => Promise<Result>,
  files: readonly BatchFile[],
  { chunkerPolynomial }: { readonly chunkerPolynomial: string },
): Promise<{ readonly tree: BlobId; readonly addedBytes: number }> {
  const sender = new Sender(call)
  const folders = new SnapshotFolders()
  const cutter = new StreamCutter(parsePolynomial(chunkerPolynomial))
  for (const file of files) {
    const content: BlobId[] = []
    for await (const chunk of cutStream(file.content(), cutter)) content.push(await sender.add('data', Buffer.from(chunk)))
    folders.add(file.path, { node: fileNode(file, content), modifiedAt: file.modifiedAt })
  }
  const tree = await folders.save((content) => sender.add('tree', content))
  await sender.flush()
  return { tree, addedBytes: sender.sentBytes }
}

/** Collects blobs and hands them over: what the repository has is proven, the rest is sent. */
class Sender {
  readonly #call: Parameters<typeof uploadBatch>[0]
  /** As it was sent, compressed. */
  sentBytes = 0
  #chunks: Chunk[] = []
  #bytes = 0

  constructor(call: Parameters<typeof uploadBatch>[0]) {
    this.#call = call
  }

  async add(type: BlobType, plaintext: Buffer): Promise<BlobId> {
    const id = createHash('sha256').update(plaintext).digest('hex') as BlobId
    this.#chunks.push({ type, id, plaintext })
    this.#bytes += plaintext.length
    if (this.#bytes > BATCH_BYTES || this.#chunks.length >= QUESTION_BLOBS) await this.flush()
    return id
  }

  async flush(): Promise<void> {
    const chunks = [...new Map(this.#chunks.map((chunk) => [`${chunk.type} ${chunk.id}`, chunk])).values()]
    this.#chunks = []
    this.#bytes = 0
    if (chunks.length === 0) return
    const { nonce, verdicts } = await this.#call((session) => session.ask(encodeBlobNames(chunks)))
    const shown = chunks.filter((_, position) => verdicts[position] === PROVE)
    if (shown.length > 0) {
      const proofs = Buffer.concat(shown.map(({ plaintext }) => createHmac('sha256', nonce).update(plaintext).digest()))
      const names = encodeBlobNames(shown)
      await this.#call((session) => session.prove({ nonce, names, proofs }))
    }
    const frames: Buffer[] = []
    for (const [position, chunk] of chunks.entries()) if (verdicts[position] === SEND) frames.push(await frameOf(chunk))
    this.sentBytes += frames.reduce((sum, { length }) => sum + length, 0)
    if (frames.length > 0) await this.#call((session) => session.receive(streamOf(frames)))
  }
}

async function* streamOf(frames: readonly Buffer[]): AsyncGenerator<Uint8Array> {
  yield* frames
}

/** As `blob-frames.ts` of the engine reads it. Trees are compressed always. */
async function frameOf({ type, id, plaintext }: Chunk): Promise<Buffer> {
  const packed = await compress(plaintext)
  const isCompressed = type === 'tree' || packed.length < plaintext.length
  const content = isCompressed ? packed : plaintext
  const head = Buffer.alloc(FRAME_HEAD_BYTES)
  head.write(id, 0, 32, 'hex')
  head[32] = type === 'tree' ? 1 : 0
  head[33] = isCompressed ? 1 : 0
  head.writeUInt32LE(plaintext.length, 36)
  head.writeUInt32LE(content.length, 40)
  return Buffer.concat([head, content])
}

/** Whether a path leads to somewhere that is not too deep. */
export function isStorablePath(original: string): boolean {
  return snapshotPathOf(original).split('/').length - 2 <= FOLDERS_MAX
}

/** Where a file lies in a snapshot, whatever system its path is of: no way leads out of it, and every name is one. */
export function snapshotPathOf(original: string): string {
  const isOfWindows = /^([A-Za-z]:)?\\/.test(original)
  const withSlashes = isOfWindows ? original.replaceAll('\\', '/').replace(/^([A-Za-z]):/, '/$1') : original
  const path = posix.normalize(`/${withSlashes}`).replace(/\/+$/, '')
  return path === '' ? '/file' : path
}
