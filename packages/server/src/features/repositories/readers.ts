import type { BlobId, Clock, IndexedRepository, OpenRepository, Storage } from '@holdfast/engine'

interface Reader {
  readonly generation: number
  readonly repository: OpenRepository
  indexed: Promise<IndexedRepository>
}

interface RetiredStorage {
  readonly storage: Storage
  readonly retiredAt: number
}

/** Downloads that began before a repository was changed may go on for so long. */
const RETIRED_MS = 3_600_000
/** Storages that are left open for these. */
const RETIRED_MAX = 16

/**
 * Repositories that are open to read from, with their indexes. They hold no lock: what a prune takes away under a reader's hands makes
 * that one request fail, and the next one finds a new index. What else is changed does not disturb whoever reads.
 */
export class RepositoryReaders {
  readonly #open: (id: number) => Promise<OpenRepository>
  readonly #clock: Clock
  readonly #readers = new Map<number, Promise<Reader>>()
  #retired: RetiredStorage[] = []

  constructor(open: (id: number) => Promise<OpenRepository>, clock: Clock) {
    this.#open = open
    this.#clock = clock
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

  /** Has a repository whose packs have changed opened anew by the next reader. Those of this moment go on, up to a bound. */
  async drop(id: number): Promise<void> {
    const dropped = this.#readers.get(id)
    const reader = await dropped?.catch(() => undefined)
    // Somebody else may have dropped it meanwhile.
    if (this.#readers.get(id) !== dropped) return
    this.#readers.delete(id)
    const now = this.#clock.now()
    if (reader !== undefined) this.#retired.push({ storage: reader.repository.storage, retiredAt: now })
    const surplus = this.#retired.length - RETIRED_MAX
    const ending = this.#retired.filter(({ retiredAt }, position) => position < surplus || now - retiredAt >= RETIRED_MS)
    this.#retired = this.#retired.filter((retired) => !ending.includes(retired))
    for (const { storage } of ending) await storage.close()
  }

  async close(): Promise<void> {
    for (const id of [...this.#readers.keys()]) await this.drop(id)
    for (const { storage } of this.#retired.splice(0)) await storage.close()
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
