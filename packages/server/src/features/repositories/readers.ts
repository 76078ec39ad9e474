import type { BlobId, IndexedRepository, OpenRepository } from '@holdfast/engine'

interface Reader {
  readonly generation: number
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

  /**
   * A repository whose index names `tree`, if the repository does: snapshots may be younger than an index. One that was read in another
   * generation is read anew: packs may have gone since, by another process too.
   */
  async read(id: number, { tree, generation }: { readonly tree: BlobId; readonly generation: number }): Promise<IndexedRepository> {
    const reader = await this.#reader(id, generation)
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

  async #reader(id: number, generation: number): Promise<Reader> {
    const known = await this.#readers.get(id)
    if (known !== undefined && known.generation < generation) await this.drop(id)
    const present = this.#readers.get(id)
    if (present !== undefined) return present
    const opening = this.#openReader(id, generation)
    this.#readers.set(id, opening)
    opening.catch(() => this.#readers.delete(id))
    return opening
  }

  async #openReader(id: number, generation: number): Promise<Reader> {
    const repository = await this.#open(id)
    const indexed = repository.loadIndex()
    try {
      await indexed
    } catch (error) {
      await repository.storage.close()
      throw error
    }
    return { generation, repository, indexed }
  }
}
