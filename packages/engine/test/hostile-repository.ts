import { createHash, hash } from 'node:crypto'
import type { BlobId, PackId } from '../src/format/ids.ts'
import { encodeIndexFile, type IndexedPack } from '../src/format/index-file.ts'
import type { BlobType } from '../src/format/pack-header.ts'
import type { Timestamp } from '../src/format/timestamp.ts'
import { initRepository, type OpenRepository } from '../src/repository/open-repository.ts'
import { saveSnapshot } from '../src/snapshots/save-snapshot.ts'
import type { FileKind, Storage } from '../src/storage/storage.ts'

const TIME = '2024-05-06T07:08:09.123456789Z' as Timestamp
const COST = { N: 16, r: 1, p: 1 }
const ZSTD_MAGIC = 0xfd2f_b528
const RLE_BLOCK = 1
const BLOCK_BYTES = 128 * 1024

/** Fields of a node as a hostile tree has them: of any value. */
export type HostileNode = Readonly<Record<string, unknown>>

/** A repository whose key is ours, so that it can be filled with authentic nonsense. */
export class HostileRepository {
  readonly repository: OpenRepository

  private constructor(repository: OpenRepository) {
    this.repository = repository
  }

  static async make(storage: Storage, password: string): Promise<HostileRepository> {
    return new HostileRepository(await initRepository(storage, { password, cost: COST }))
  }

  /** Stores blobs as they should be. */
  async blobs(blobs: readonly { readonly type: BlobType; readonly content: Uint8Array }[]): Promise<BlobId[]> {
    const indexed = await this.repository.loadIndex()
    return indexed.write(async (writer) => {
      const ids: BlobId[] = []
      for (const { type, content } of blobs) ids.push((await writer.saveBlob(type, content)).id)
      return ids
    })
  }

  async tree(nodes: readonly HostileNode[]): Promise<BlobId> {
    const [id] = await this.blobs([{ type: 'tree', content: encodeHostileTree(nodes) }])
    return id ?? nowhere(0)
  }

  /** Stores frames of zstd under ids that need not be theirs. */
  async frames(
    frames: readonly { readonly type: BlobType; readonly id: BlobId; readonly frame: Uint8Array; readonly lengthBytes: number }[],
  ): Promise<void> {
    const indexed = await this.repository.loadIndex()
    await indexed.write(async (writer) => {
      for (const { type, id, frame, lengthBytes } of frames)
        await writer.saveCompressedBlob({ type, id, uncompressedLength: lengthBytes }, frame)
    })
  }

  async snapshot(tree: BlobId): Promise<void> {
    const { hostname, username, uid, gid } = this.repository.identity
    await saveSnapshot(this.repository, { time: TIME, tree, paths: ['/'], hostname, username, uid, gid })
  }

  /** Stores a document that is a bomb. */
  async document(kind: 'snapshots' | 'index' | 'locks', frame: Uint8Array): Promise<void> {
    await this.file(kind, this.repository.sealer.seal(Buffer.concat([Uint8Array.of(2), frame])))
  }

  async index(packs: readonly IndexedPack[]): Promise<void> {
    await this.repository.saveUnpacked('index', encodeIndexFile({ packs }))
  }

  /** Stores any bytes under the name that their hash gives. */
  async file(kind: FileKind, content: Uint8Array): Promise<void> {
    await this.repository.storage.write({ kind, name: hash('sha256', content, 'hex') }, content)
  }
}

/** A node of which all that is not given is harmless. */
export function hostileNode(fields: HostileNode): HostileNode {
  return { name: 'node', type: 'file', mode: 0o644, mtime: TIME, atime: TIME, ctime: TIME, uid: 0, gid: 0, ...fields }
}

/** The JSON of a tree of these nodes, whatever they say and in whatever order. */
export function encodeHostileTree(nodes: readonly HostileNode[]): Buffer {
  return Buffer.from(`${JSON.stringify({ nodes })}\n`)
}

/** An id that nothing has. */
export function nowhere<Some extends BlobId | PackId>(number: number): Some {
  return hash('sha256', `nowhere ${number}`, 'hex') as Some
}

/** A frame of zstd, of a few kilobytes, that becomes `sizeBytes` times `byte`; `claimedBytes` is what its header says. */
export function bomb(sizeBytes: number, options: { readonly byte?: number; readonly claimedBytes?: number } = {}): Buffer {
  const header = Buffer.alloc(14)
  header.writeUInt32LE(ZSTD_MAGIC, 0)
  // Eight bytes of content size; a window of 8 MiB.
  header[4] = 0b1100_0000
  header[5] = 13 << 3
  header.writeBigUInt64LE(BigInt(options.claimedBytes ?? sizeBytes), 6)
  const blocks: Buffer[] = [header]
  for (let done = 0; done < sizeBytes; done += BLOCK_BYTES) {
    const length = Math.min(BLOCK_BYTES, sizeBytes - done)
    const block = Buffer.alloc(4)
    block.writeUIntLE((length << 3) | (RLE_BLOCK << 1) | Number(done + length === sizeBytes), 0, 3)
    block[3] = options.byte ?? 0
    blocks.push(block)
  }
  return Buffer.concat(blocks)
}

/** The id of a blob of so many zeros. */
export function idOfZeros(sizeBytes: number): BlobId {
  const digest = createHash('sha256')
  const piece = Buffer.alloc(1024 * 1024)
  for (let done = 0; done < sizeBytes; done += piece.length) digest.update(piece.subarray(0, Math.min(piece.length, sizeBytes - done)))
  return digest.digest('hex') as BlobId
}
