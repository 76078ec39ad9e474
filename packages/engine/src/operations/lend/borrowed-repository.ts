import { hash } from 'node:crypto'
import type { SealingKey } from '../../crypto/sealer.ts'
import { EngineError } from '../../errors.ts'
import type { RepositoryConfig } from '../../format/config.ts'
import type { KeyId, PackId } from '../../format/ids.ts'
import type { Clock } from '../../host/clock.ts'
import { currentIdentity } from '../../host/machine.ts'
import { loadIndex } from '../../repository/index-loader.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { OpenRepository } from '../../repository/open-repository.ts'
import type { ByteRange, CallOptions, FileInfo, FileKind, FileRef, Storage } from '../../storage/storage.ts'

/** How a borrower reaches what a `LentSnapshot` gives, under a key that it has drawn itself. */
export interface Lender {
  /** Where the snapshot comes from, for messages. */
  readonly location: string
  readonly indexParts: number
  /** A sealed index file. */
  readIndex(part: number, options: CallOptions): Promise<Uint8Array>
  readPack(pack: PackId, range: ByteRange, options: CallOptions): Promise<Uint8Array>
}

/** How many reads may usefully be under way at once. */
const CONNECTIONS = 8

/**
 * A repository that holds what somebody lends, and nothing else: it can be read and restored from, and refuses to be changed.
 * @throws {EngineError} `data.*` for an index that is not what was lent, and what the lender throws
 */
export function openBorrowed(
  lender: Lender,
  options: { readonly key: SealingKey; readonly chunkerPolynomial: string; readonly clock: Clock } & CallOptions,
): Promise<IndexedRepository> {
  const { key, chunkerPolynomial, clock, signal } = options
  const config: RepositoryConfig = { version: 2, id: '0'.repeat(64), chunker_polynomial: chunkerPolynomial }
  const repository = new OpenRepository({
    storage: new BorrowedStorage(lender),
    config,
    keyId: '0'.repeat(64) as KeyId,
    masterKey: key,
    clock,
    identity: currentIdentity(),
  })
  return loadIndex(repository, { signal })
}

class BorrowedStorage implements Storage {
  readonly location: string
  readonly limits = { connections: CONNECTIONS, atomicReplace: false }
  readonly #lender: Lender
  /** Parts of the index by the names that they have as files. Each is read once. */
  readonly #index = new Map<string, Uint8Array>()

  constructor(lender: Lender) {
    this.#lender = lender
    this.location = lender.location
  }

  async read({ kind, name }: FileRef, range: ByteRange | 'all', options: CallOptions = {}): Promise<Uint8Array> {
    if (kind === 'index') {
      const content = this.#index.get(name)
      if (content !== undefined && range === 'all') {
        this.#index.delete(name)
        return content
      }
    }
    if (kind !== 'data' || range === 'all')
      throw new EngineError('storage.not-found', `Cannot read ${kind}/${name.slice(0, 10)}: it is not lent`)
    const content = await this.#lender.readPack(name as PackId, range, options)
    if (content.length === range.length) return content
    throw new EngineError('storage.range', `Cannot read data/${name.slice(0, 10)}: ${content.length} of ${range.length} bytes came`)
  }

  async *list(kind: FileKind, options: CallOptions = {}): AsyncGenerator<FileInfo> {
    if (kind !== 'index') return
    for (let part = 0; part < this.#lender.indexParts; part++) {
      const content = await this.#lender.readIndex(part, options)
      const name = hash('sha256', content, 'hex')
      this.#index.set(name, content)
      yield { name, sizeBytes: content.length }
    }
  }

  stat({ kind, name }: FileRef): Promise<FileInfo> {
    return Promise.reject(new EngineError('storage.not-found', `Cannot find ${kind}/${name.slice(0, 10)}: it is not lent`))
  }

  prepare(): Promise<void> {
    return refuse()
  }

  write(): Promise<void> {
    return refuse()
  }

  remove(): Promise<void> {
    return refuse()
  }

  dismantle(): Promise<void> {
    return refuse()
  }

  async close(): Promise<void> {
    this.#index.clear()
  }
}

function refuse(): Promise<never> {
  return Promise.reject(new EngineError('storage.read-only', 'Cannot change a repository that is lent'))
}
