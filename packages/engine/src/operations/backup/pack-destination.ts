import assert from 'node:assert'
import type { BlobId, SnapshotId } from '../../format/ids.ts'
import type { Tree } from '../../format/node.ts'
import { decodePackHeader } from '../../format/pack-header.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { Clock } from '../../host/clock.ts'
import type { Identity } from '../../host/machine.ts'
import type { BlobIndex } from '../../repository/blob-index.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { DEFAULT_PACK_SIZE_BYTES, packBufferBytes } from '../../repository/pack-builder.ts'
import type { RepositoryWriter, SavedBlob, WriteOptions } from '../../repository/repository-writer.ts'
import { saveSnapshot } from '../../snapshots/save-snapshot.ts'
import type { CallOptions } from '../../storage/storage.ts'
import type { BackupDestination, DestinationOptions } from './backup-destination.ts'
import type { PackStoreSettings, ParentTree, StoreEvent } from './backup-tasks.ts'
import { buffersPerWorker, createPackBuffers, type PackBufferHandle, releaseBuffer } from './pack-buffers.ts'

/** A repository whose key this process holds: workers seal and pack, the main thread stores their packs. */
export class PackDestination implements BackupDestination {
  readonly clock: Clock
  readonly identity: Identity
  readonly chunkerPolynomial: string
  readonly index: BlobIndex
  readonly laterCounts: BackupDestination['laterCounts'] = {
    data: { blobs: 0, bytesAdded: 0, bytesStored: 0 },
    trees: { blobs: 0, bytesAdded: 0, bytesStored: 0 },
  }
  readonly #indexed: IndexedRepository
  readonly #compression: PackStoreSettings['compression']
  readonly #packSizeBytes: number
  readonly #buffers: readonly PackBufferHandle[]
  #writer: RepositoryWriter | undefined

  constructor(indexed: IndexedRepository, options: DestinationOptions) {
    const { repository } = indexed
    this.#indexed = indexed
    this.clock = repository.clock
    this.identity = repository.identity
    this.chunkerPolynomial = repository.config.chunker_polynomial
    this.index = indexed.index
    this.#compression = repository.config.version === 1 ? 'off' : options.compression
    this.#packSizeBytes = options.packSizeBytes ?? DEFAULT_PACK_SIZE_BYTES
    const { localFolder, limits } = repository.storage
    const count = buffersPerWorker({ isLocal: localFolder !== undefined, connections: limits.connections }, options.workers)
    this.#buffers = Array.from({ length: options.workers }, () => createPackBuffers(packBufferBytes(this.#packSizeBytes), count))
  }

  workerStore(worker: number): PackStoreSettings {
    const { repository } = this.#indexed
    return {
      kind: 'packs',
      key: repository.masterKey,
      compression: this.#compression,
      packSizeBytes: this.#packSizeBytes,
      repositoryFolder: repository.storage.localFolder,
      buffers: this.#buffers[worker] ?? createPackBuffers(0, 1),
    }
  }

  async receive(event: StoreEvent, worker: number): Promise<void> {
    assert('buffer' in event, 'workers of a repository at hand make packs')
    const buffers = this.#buffers[worker]
    const shared = buffers?.buffers[event.buffer]
    if (buffers === undefined || shared === undefined || this.#writer === undefined) return
    const content = new Uint8Array(shared, 0, event.lengthBytes)
    await this.#writer.savePack({ id: event.id, content, blobs: decodePackHeader(event.header) }, () =>
      releaseBuffer(buffers, event.buffer),
    )
  }

  async parentTree(id: BlobId): Promise<ParentTree> {
    const place = this.#indexed.index.find('tree', id)
    const isLocal = this.#indexed.repository.storage.localFolder !== undefined
    if (isLocal && place !== undefined) return { ...place, id, pack: this.#indexed.packOf(place) }
    return { id, json: await this.#indexed.readBlob('tree', id) }
  }

  readTree(id: BlobId): Promise<Tree> {
    return this.#indexed.readTree(id)
  }

  saveTree(json: Uint8Array): Promise<SavedBlob> {
    assert(this.#writer, 'trees are saved within a write')
    return this.#writer.saveBlob('tree', json)
  }

  write<T>(action: () => Promise<T>, options: WriteOptions): Promise<T> {
    return this.#indexed.write((writer) => {
      this.#writer = writer
      return action()
    }, options)
  }

  saveSnapshot(snapshot: Snapshot, options: CallOptions): Promise<SnapshotId> {
    return saveSnapshot(this.#indexed.repository, snapshot, options)
  }
}
