import {
  byteStringOf,
  type Clock,
  compilePathFilter,
  executeForget,
  loadSnapshot,
  messageOf,
  planForgetOf,
  rewriteSnapshot,
  type SnapshotId,
} from '@holdfast/engine'
import type { Retention } from '@holdfast/protocol'
import type { SnapshotRepositories } from '../../features/snapshots/repositories.ts'
import type { SnapshotStore } from '../../features/snapshots/store.ts'
import { snapshotPathOf } from './batch-upload.ts'
import type { ServiceStore, StoredFile } from './store.ts'

const EVERY_MS = 3_600_000
const DAY_MS = 86_400_000

export interface ServiceRetentionOptions {
  readonly store: ServiceStore
  readonly snapshots: SnapshotStore
  readonly repositories: SnapshotRepositories
  readonly clock: Clock
  /** What counts for a client's files where the upload said nothing. */
  readonly retentionOf: (clientId: number) => Promise<Retention | null>
  readonly onFailure: (error: unknown) => void
}

/**
 * Removes versions of uploaded files that are too old or too many; the newest of each file always stays. A snapshot goes with its last
 * version, and is written anew without those that went before it; the content goes with the next prune.
 */
export class ServiceRetention {
  readonly #options: ServiceRetentionOptions
  #stop: (() => void) | undefined
  #working: Promise<void> = Promise.resolve()

  constructor(options: ServiceRetentionOptions) {
    this.#options = options
  }

  start(): void {
    this.#stop ??= this.#options.clock.every(EVERY_MS, () => {
      this.#working = this.apply().catch(this.#options.onFailure)
    })
  }

  async stop(): Promise<void> {
    this.#stop?.()
    await this.#working
  }

  /** Looks at all clients. */
  async apply(): Promise<void> {
    const { store, retentionOf, onFailure, clock } = this.#options
    for (const clientId of await store.clientIds()) {
      const expired = expiredOf(await store.files(clientId), { retention: await retentionOf(clientId), now: clock.now() })
      for (const [snapshotId, files] of Map.groupBy(expired, (file) => file.snapshot_id ?? '')) {
        await this.#drop(clientId, { snapshotId: snapshotId as SnapshotId, files }).catch((error: unknown) =>
          onFailure(new Error(`Cannot remove old versions of client ${clientId}: ${messageOf(error)}`, { cause: error })),
        )
      }
    }
  }

  async #drop(
    clientId: number,
    { snapshotId, files }: { readonly snapshotId: SnapshotId; readonly files: readonly StoredFile[] },
  ): Promise<void> {
    const { store, snapshots, repositories } = this.#options
    const repositoryId = files[0]?.repository_id ?? 0
    const registered = await snapshots.findByName(repositoryId, snapshotId)
    const gone = new Set(files.map(({ id }) => id))
    const staying = (await store.files(clientId)).filter((file) => file.snapshot_id === snapshotId && !gone.has(file.id))
    if (registered !== undefined && registered.is_pinned === 0) {
      await repositories.alter(repositoryId, async (repository, signal) => {
        const snapshot = await loadSnapshot(repository, snapshotId, { signal })
        if (staying.length === 0) {
          const { failed } = await executeForget(repository, planForgetOf([snapshot]), { signal })
          for (const failure of failed.values()) throw failure
          await snapshots.remove(registered.id)
          return
        }
        const indexed = await repository.loadIndex({ signal })
        const excludes = compilePathFilter(files.map(({ path }) => byteStringOf(escaped(snapshotPathOf(path)))))
        const outcome = await rewriteSnapshot(indexed, snapshot, { excludes, forget: true, signal })
        if (outcome.kind !== 'rewritten' || outcome.id === undefined) return
        await snapshots.replace(registered.id, { snapshotId: outcome.id, tags: JSON.parse(registered.tags) as string[] })
        await store.replaceSnapshot(snapshotId, outcome.id)
      })
    }
    await store.removeFiles([...gone])
  }
}

/** Versions that go, by the rules of the Backup Service: whichever of age and number removes more; the newest of a path never. */
function expiredOf(
  files: readonly StoredFile[],
  { retention, now }: { readonly retention: Retention | null; readonly now: number },
): StoredFile[] {
  return [...Map.groupBy(files, ({ path }) => path).values()].flatMap((versions) => {
    const [newest, ...older] = versions.toSorted((a, b) => b.uploaded_at - a.uploaded_at || b.id - a.id)
    const days = newest?.retention_days ?? retention?.days
    const count = newest?.retention_versions ?? retention?.versions
    return older.filter((file, index) => {
      const isOld = days !== undefined && days !== null && now - file.uploaded_at > days * DAY_MS
      const isBeyond = count !== undefined && count !== null && index + 2 > count
      return (isOld || isBeyond) && file.spool_path === null
    })
  })
}

/** A pattern that fits one path and nothing else. */
function escaped(path: string): string {
  return path.replaceAll(/[\\*?[\]]/g, '\\$&')
}
