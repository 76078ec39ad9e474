import type { BlobId, IndexedRepository, OpenRepository } from '@holdfast/engine'

interface Reader {
  readonly repository: OpenRepository
  indexed: Promise<IndexedRepository>
}

/**
 * Repositories that are open to read from, with their indexes. They hold no lock: what a prune takes away under a reader's hands makes
 * that one request fail, and the next one finds a new index.
 */
export class RepositoryReaders {
  readonly #open: (id: number) => Promise<OpenRepository>
  readonly #readers = new Map<number, Promise<Reader>>()

  constructor(open: (id: number) => Promise<OpenRepository>) {
    this.#open = open
  }

  /** A repository whose index names `tree`, if the repository does: snapshots may be younger than an index. */
  async read(id: number, tree: BlobId): Promise<IndexedRepository> {
    const reader = await this.#reader(id)
    const loaded = await reader.indexed
    if (loaded.index.has('tree', tree)) return loaded
    reader.indexed = reader.repository.loadIndex()
    try {
      return await reader.indexed
    } catch (error) {
      await this.drop(id)
      throw error
    }
  }

  /** Closes a repository whose packs have changed. */
  async drop(id: number): Promise<void> {
    const reader = await this.#readers.get(id)?.catch(() => undefined)
    this.#readers.delete(id)
    await reader?.repository.storage.close()
  }

  async close(): Promise<void> {
    for (const id of [...this.#readers.keys()]) await this.drop(id)
  }

  #reader(id: number): Promise<Reader> {
    const known = this.#readers.get(id)
    if (known !== undefined) return known
    const opening = this.#openReader(id)
    this.#readers.set(id, opening)
    opening.catch(() => this.#readers.delete(id))
    return opening
  }

  async #openReader(id: number): Promise<Reader> {
    const repository = await this.#open(id)
    const indexed = repository.loadIndex()
    try {
      await indexed
    } catch (error) {
      await repository.storage.close()
      throw error
    }
    return { repository, indexed }
  }
}
