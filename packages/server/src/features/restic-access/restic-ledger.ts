import type { Clock, FileInfo, FileKind, FileRef } from '@holdfast/engine'
import { ServerError } from '../../errors.ts'
import { sizeInWords } from '../../size-words.ts'
import type { ResticAccessStore, StoredResticAccess } from './store.ts'

export interface ResticLedgerOptions {
  readonly store: ResticAccessStore
  readonly clock: Clock
  readonly access: StoredResticAccess
  /** Lists what the repository has. */
  readonly list: (kind: FileKind) => AsyncIterable<FileInfo>
  /** Told when a snapshot has come. */
  readonly onArrival: () => void
  /** Told when a snapshot has gone. */
  readonly onGone: () => void
  /** When each access was counted anew, shared by all ledgers. */
  readonly counted: Map<number, number>
}

/** All that can be much: a `config` is a few bytes. */
const KINDS: readonly FileKind[] = ['data', 'index', 'snapshots', 'locks', 'keys']
/** Locks may go beyond the quota by so much: without one, nobody can restore, or remove what fills it. */
const LOCKS_SLACK_BYTES = 1024 * 1024
const NAMES_PER_QUERY = 1000
/** A file that was noted a moment ago may be on its way. */
const YOUNG_MS = 10 * 60_000
/** Listing a repository is work: a client that is at its quota has it done this often at most. */
const COUNT_EVERY_MS = 10 * 60_000

/** What a client has brought into a repository: counted against its quota, and its locks known as its own. */
export class ResticLedger {
  readonly #options: ResticLedgerOptions

  constructor(options: ResticLedgerOptions) {
    this.#options = options
  }

  /** @throws {ServerError} `quota.exceeded` */
  async demandRoom(file: FileRef, sizeBytes: number): Promise<void> {
    const { access } = this.#options
    const { quota_bytes: quota } = access
    const slack = slackOf(file)
    if (quota === null || access.used_bytes + sizeBytes <= quota + slack || (await this.owns(file))) return
    await this.#countAnew()
    const now = await this.#current()
    if (now.used_bytes + sizeBytes > quota + slack) throw exceeded(now)
  }

  /** @throws {ServerError} `quota.exceeded` */
  async claim(file: FileRef, sizeBytes: number): Promise<void> {
    const { store, clock, access } = this.#options
    const row = { access_id: access.id, kind: file.kind, name: file.name, size_bytes: sizeBytes, created_at: clock.now() }
    const options = { isSnapshot: file.kind === 'snapshots', slackBytes: slackOf(file) }
    if (await store.addFile(row, options)) return
    await this.#countAnew()
    if (!(await store.addFile(row, options))) throw exceeded(await this.#current())
  }

  async release(file: FileRef): Promise<void> {
    await this.#options.store.removeFile(file, { accessId: this.#options.access.id })
  }

  async stored(file: FileRef): Promise<void> {
    if (file.kind === 'snapshots') this.#options.onArrival()
  }

  async owns(file: FileRef): Promise<boolean> {
    return this.#options.store.hasFile(this.#options.access.id, file)
  }

  async isPinned({ kind, name }: FileRef): Promise<boolean> {
    return kind === 'snapshots' && this.#options.store.isPinned(this.#options.access.repository_id, name)
  }

  async removed(file: FileRef): Promise<void> {
    const { store, access, onGone } = this.#options
    await store.removeFile(file, { repositoryId: access.repository_id })
    if (file.kind !== 'snapshots') return
    await store.unregister(access.repository_id, file.name)
    onGone()
  }

  /** Forgets files that are not there any more: removed by the server's own maintenance, or never written by a process that ended. */
  async #countAnew(): Promise<void> {
    const { store, clock, access, list, counted } = this.#options
    const now = clock.now()
    if (now - (counted.get(access.id) ?? Number.NEGATIVE_INFINITY) < COUNT_EVERY_MS) return
    counted.set(access.id, now)
    for (const kind of KINDS) {
      const present = new Set(await Array.fromAsync(list(kind), ({ name }) => name))
      let names: string[]
      let after = ''
      do {
        names = await store.names({ accessId: access.id, kind }, { after, before: now - YOUNG_MS, limit: NAMES_PER_QUERY })
        for (const name of names) if (!present.has(name)) await store.removeFile({ kind, name }, { accessId: access.id })
        after = names.at(-1) ?? after
      } while (names.length === NAMES_PER_QUERY)
    }
  }

  async #current(): Promise<StoredResticAccess> {
    const { store, access } = this.#options
    return (await store.find(access.client_id, access.repository_id)) ?? access
  }
}

function slackOf({ kind }: FileRef): number {
  return kind === 'locks' ? LOCKS_SLACK_BYTES : 0
}

function exceeded({ quota_bytes, used_bytes }: StoredResticAccess): ServerError {
  const quota = sizeInWords(Number(quota_bytes))
  const state = `${sizeInWords(Number(used_bytes))} of the ${quota} that this client may have in the repository are used`
  return new ServerError('quota.exceeded', `Cannot take the file: ${state}`)
}
