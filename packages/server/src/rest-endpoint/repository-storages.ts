import type { Storage } from '@holdfast/engine'
import type { StoredRepository } from '../features/repositories/store.ts'
import { Turns } from './turns.ts'

/** A repository's files, open for any number of requests. */
export interface OpenStorage {
  readonly storage: Storage
  readonly turns: Turns
}

interface Entry extends OpenStorage {
  /** What it was opened with. */
  readonly stamp: string
}

/** Keeps the storages of repositories open between requests; one whose location or credentials have changed is opened anew. */
export class RepositoryStorages {
  readonly #open: (repository: StoredRepository) => Promise<Storage>
  readonly #entries = new Map<number, Promise<Entry>>()
  readonly #outdated: Storage[] = []

  constructor(open: (repository: StoredRepository) => Promise<Storage>) {
    this.#open = open
  }

  async of(repository: StoredRepository): Promise<OpenStorage> {
    const stamp = `${repository.location} ${repository.sealed_credentials}`
    const known = this.#entries.get(repository.id)
    const entry = await known?.catch(() => undefined)
    if (entry?.stamp === stamp) return entry
    // Whoever waited beside this one may have opened it meanwhile.
    if (this.#entries.get(repository.id) !== known) return this.of(repository)
    // Requests may still be reading from the old one: it is closed at the end.
    if (entry !== undefined) this.#outdated.push(entry.storage)
    const opening = this.#open(repository).then((storage) => ({ storage, turns: new Turns(), stamp }))
    this.#entries.set(repository.id, opening)
    opening.catch(() => {
      if (this.#entries.get(repository.id) === opening) this.#entries.delete(repository.id)
    })
    return opening
  }

  async close(): Promise<void> {
    const entries = await Promise.all([...this.#entries.values()].map((opening) => opening.catch(() => undefined)))
    this.#entries.clear()
    for (const storage of [...this.#outdated, ...entries.map((entry) => entry?.storage)]) await storage?.close()
  }
}
