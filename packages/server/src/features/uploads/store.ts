import type { SnapshotId } from '@holdfast/engine'
import type { Queries } from '../../db/database.ts'

/** Whose uploads into which repository. */
export interface UploadOwner {
  readonly clientId: number
  readonly repositoryId: number
}

/** What the server notes of a snapshot that an upload has made. */
export interface UploadedSnapshot {
  readonly snapshotId: SnapshotId
  readonly treeId: string
  readonly timeMs: number
  readonly hostname: string
  readonly paths: readonly string[]
  readonly tags: readonly string[]
  readonly planId: number | null
  readonly runId: number | null
  readonly sizeBytes: number | null
  readonly fileCount: number | null
  readonly addedBytes: number | null
}

/** A snapshot that unchanged files are taken over from. */
export interface ParentSnapshot {
  readonly snapshotId: string
  readonly treeId: string
  readonly timeMs: number
}

/** Below what SQLite takes as parameters of one query. */
const NAMES_PER_QUERY = 2000
const ROWS_PER_INSERT = 2000

/** Which blobs and snapshots are whose, as far as uploads need it. */
export class UploadStore {
  readonly #queries: Queries

  constructor(queries: Queries) {
    this.#queries = queries
  }

  /** Those of the names (33 bytes each, in hexadecimal) that a snapshot of the client has named. */
  async namesOf({ clientId, repositoryId }: UploadOwner, names: readonly string[]): Promise<ReadonlySet<string>> {
    const known = new Set<string>()
    for (let from = 0; from < names.length; from += NAMES_PER_QUERY) {
      const wanted = names.slice(from, from + NAMES_PER_QUERY).map((name) => Buffer.from(name, 'hex'))
      const rows = await this.#queries
        .selectFrom('client_blobs')
        .select('blob')
        .where('client_id', '=', clientId)
        .where('repository_id', '=', repositoryId)
        .where('blob', 'in', wanted)
        .execute()
      for (const { blob } of rows) known.add(hexOf(blob))
    }
    return known
  }

  /** Notes names (in hexadecimal) as the client's. Interrupted, it leaves some of them noted, which does no harm once all are durable. */
  async addNames({ clientId, repositoryId }: UploadOwner, names: Iterable<string>): Promise<void> {
    let rows: { client_id: number; repository_id: number; blob: Uint8Array }[] = []
    const insert = async (): Promise<void> => {
      if (rows.length === 0) return
      await this.#queries
        .insertInto('client_blobs')
        .values(rows)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      rows = []
    }
    for (const name of names) {
      rows.push({ client_id: clientId, repository_id: repositoryId, blob: Buffer.from(name, 'hex') })
      if (rows.length === ROWS_PER_INSERT) await insert()
    }
    await insert()
  }

  /** The index files that were noted last. */
  async indexesOf(repositoryId: number): Promise<readonly string[]> {
    const row = await this.#queries
      .selectFrom('upload_indexes')
      .select('index_ids')
      .where('repository_id', '=', repositoryId)
      .executeTakeFirst()
    return hexOf(row?.index_ids ?? new Uint8Array(0)).match(/.{64}/g) ?? []
  }

  /** Notes the index files that name all blobs whose names are or will be added. */
  async noteIndexes(repositoryId: number, ids: readonly string[]): Promise<void> {
    const index_ids = Buffer.from(ids.join(''), 'hex')
    await this.#queries
      .insertInto('upload_indexes')
      .values({ repository_id: repositoryId, index_ids })
      .onConflict((conflict) => conflict.column('repository_id').doUpdateSet({ index_ids }))
      .execute()
  }

  /** Forgets all names of a repository that it does not have any more: a tree that a client may rely on must have all that it names. */
  async forgetNames(repositoryId: number, isGone: (name: string) => boolean): Promise<void> {
    let after: { readonly clientId: number; readonly blob: Uint8Array } = { clientId: 0, blob: new Uint8Array(0) }
    for (;;) {
      const { clientId, blob } = after
      const rows = await this.#queries
        .selectFrom('client_blobs')
        .select(['client_id', 'blob'])
        .where('repository_id', '=', repositoryId)
        .where((row) => row.or([row('client_id', '>', clientId), row.and([row('client_id', '=', clientId), row('blob', '>', blob)])]))
        .orderBy('client_id')
        .orderBy('blob')
        .limit(NAMES_PER_QUERY)
        .execute()
      for (const row of rows.filter((candidate) => isGone(hexOf(candidate.blob)))) {
        await this.#queries
          .deleteFrom('client_blobs')
          .where('repository_id', '=', repositoryId)
          .where('client_id', '=', row.client_id)
          .where('blob', '=', row.blob)
          .execute()
      }
      const last = rows.at(-1)
      if (last === undefined || rows.length < NAMES_PER_QUERY) return
      after = { clientId: last.client_id, blob: last.blob }
    }
  }

  /** The client's newest snapshots of exactly these paths, newest first. */
  async parents({ clientId, repositoryId }: UploadOwner, paths: readonly string[]): Promise<readonly ParentSnapshot[]> {
    const rows = await this.#queries
      .selectFrom('snapshots')
      .select(['snapshot_id', 'tree_id', 'time'])
      .where('client_id', '=', clientId)
      .where('repository_id', '=', repositoryId)
      .where('paths', '=', JSON.stringify(paths))
      .orderBy('time', 'desc')
      .limit(5)
      .execute()
    return rows.map((row) => ({ snapshotId: row.snapshot_id, treeId: row.tree_id, timeMs: row.time }))
  }

  /**
   * Notes a snapshot; one that is noted as somebody's stays as it is. Whoever compares register and repository may have seen its file
   * first, and noted it as nobody's.
   */
  async addSnapshot({ clientId, repositoryId }: UploadOwner, snapshot: UploadedSnapshot): Promise<void> {
    const origin = { client_id: clientId, plan_id: snapshot.planId, run_id: snapshot.runId }
    await this.#queries
      .insertInto('snapshots')
      .values({
        snapshot_id: snapshot.snapshotId,
        repository_id: repositoryId,
        ...origin,
        time: snapshot.timeMs,
        tree_id: snapshot.treeId,
        hostname: snapshot.hostname,
        paths: JSON.stringify(snapshot.paths),
        tags: JSON.stringify(snapshot.tags),
        is_pinned: 0,
        size_bytes: snapshot.sizeBytes,
        file_count: snapshot.fileCount,
        added_bytes: snapshot.addedBytes,
      })
      .onConflict((conflict) =>
        conflict.columns(['repository_id', 'snapshot_id']).doUpdateSet(origin).where('snapshots.client_id', 'is', null),
      )
      .execute()
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
