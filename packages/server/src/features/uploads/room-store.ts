import type { Selectable } from 'kysely'
import type { Database, Queries } from '../../db/database.ts'
import { holdRow } from '../../db/hold-row.ts'
import { storedBytesOf } from '../snapshots/store.ts'
import type { UploadOwner } from './store.ts'
import type { UploadRoomRow } from './tables.ts'

/** An upload that wants room. */
export interface RoomClaim extends UploadOwner {
  readonly uploadId: string
  /** What it takes up so far of the client's quota, with what is to come now. */
  readonly takenBytes: number
  /** Of that, what it has sent. */
  readonly sentBytes: number
}

/** How much room an upload has now; less than it claimed when there is no more. */
export interface RoomGrant {
  readonly grantedBytes: number
  /** What the client may have; null for no bound. */
  readonly quotaBytes: number | null
  /** What its snapshots take up. */
  readonly storedBytes: number
  /** Whether it is what broken-off uploads have left that stands in the way. */
  readonly isLittered: boolean
}

/** Room is given out ahead in such steps, so that not every batch is a transaction. */
const AHEAD_BYTES = 16 * 1024 * 1024
/** An upload that was not heard of for so long died with its process. */
const DEAD_AFTER_MS = 30 * 60_000
/** What broken-off uploads have left is counted for so long; maintenance has removed it by then. */
const LEFT_KEPT_MS = 7 * 86_400_000
/** Snapshots and what broken-off uploads have left may come to so many times the quota. */
const LITTERED_FACTOR = 2

/** Counts what uploads take up, of all uploads of a client on all servers together. */
export class RoomStore {
  readonly #queries: Database['queries']

  constructor(queries: Database['queries']) {
    this.#queries = queries
  }

  /**
   * Claims room for an upload; uploads of one client take turns here, so that they cannot pass its quota together. Without a quota nothing
   * is written: there is nothing to take turns for.
   */
  async claim(claim: RoomClaim, now: number): Promise<RoomGrant> {
    if ((await quotaOf(this.#queries, claim.clientId)) === null) return unbounded(claim)
    return this.#queries.transaction().execute(async (transaction) => {
      const quotaBytes = await lockClient(transaction, claim.clientId)
      if (quotaBytes === null) return unbounded(claim)
      const storedBytes = await storedBytesOf(transaction, claim.clientId)
      const others = (await this.#rows(transaction, claim.clientId)).filter(({ upload_id }) => upload_id !== claim.uploadId)
      const live = sumOf(others.filter((row) => !isOver(row, now)))
      const left = sumOf(others.filter((row) => isOver(row, now)))
      const isLittered = storedBytes + live + left + claim.sentBytes > LITTERED_FACTOR * quotaBytes
      const room = quotaBytes - storedBytes - live
      const grantedBytes = Math.min(claim.takenBytes + AHEAD_BYTES, room)
      if (grantedBytes < claim.takenBytes || isLittered)
        return { grantedBytes: isLittered ? 0 : grantedBytes, quotaBytes, storedBytes, isLittered }
      await put(transaction, claim, { reserved_bytes: grantedBytes, sent_bytes: claim.sentBytes, is_ended: 0, changed_at: now })
      return { grantedBytes, quotaBytes, storedBytes, isLittered }
    })
  }

  /** What broken-off uploads of a client have left in a repository. */
  async leftBytes({ clientId, repositoryId }: UploadOwner, now: number): Promise<number> {
    const rows = await this.#rows(this.#queries, clientId)
    const oldest = now - LEFT_KEPT_MS
    if (rows.some(({ changed_at }) => changed_at < oldest)) {
      await this.#queries.deleteFrom('upload_room').where('client_id', '=', clientId).where('changed_at', '<', oldest).execute()
    }
    return sumOf(rows.filter((row) => row.changed_at >= oldest && row.repository_id === repositoryId && isOver(row, now)))
  }

  /** An upload has ended without a snapshot: what it has sent is left. */
  async end({ uploadId, sentBytes }: Pick<RoomClaim, 'uploadId' | 'sentBytes'>, now: number): Promise<void> {
    await this.#queries
      .updateTable('upload_room')
      .set({ reserved_bytes: sentBytes, sent_bytes: sentBytes, is_ended: 1, changed_at: now })
      .where('upload_id', '=', uploadId)
      .execute()
  }

  /** An upload has become a snapshot, with `usedBytes` of what others had left: that is counted as the snapshot's from now on. */
  async settle({ uploadId, clientId, repositoryId, usedBytes }: SettledUpload, now: number): Promise<void> {
    await this.#queries.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('upload_room').where('upload_id', '=', uploadId).execute()
      let rest = usedBytes
      for (const row of await this.#rows(transaction, clientId)) {
        if (rest <= 0) return
        if (row.repository_id !== repositoryId || !isOver(row, now)) continue
        const kept = Math.max(0, row.sent_bytes - rest)
        rest -= row.sent_bytes - kept
        const changed = transaction.updateTable('upload_room').set({ reserved_bytes: kept, sent_bytes: kept })
        await changed.where('upload_id', '=', row.upload_id).execute()
      }
    })
  }

  async #rows(queries: Queries, clientId: number): Promise<readonly Selectable<UploadRoomRow>[]> {
    return queries.selectFrom('upload_room').selectAll().where('client_id', '=', clientId).orderBy('changed_at').execute()
  }
}

/** An upload that has become a snapshot. */
export interface SettledUpload extends UploadOwner {
  readonly uploadId: string
  readonly usedBytes: number
}

function isOver({ is_ended, changed_at }: Selectable<UploadRoomRow>, now: number): boolean {
  return is_ended === 1 || changed_at < now - DEAD_AFTER_MS
}

/** Of those that are over only what they have sent counts. */
function sumOf(rows: readonly Selectable<UploadRoomRow>[]): number {
  return rows.reduce((sum, { is_ended, reserved_bytes, sent_bytes }) => sum + (is_ended === 1 ? sent_bytes : reserved_bytes), 0)
}

function unbounded({ takenBytes }: RoomClaim): RoomGrant {
  return { grantedBytes: takenBytes + AHEAD_BYTES, quotaBytes: null, storedBytes: 0, isLittered: false }
}

async function quotaOf(queries: Queries, clientId: number): Promise<number | null> {
  const client = await queries.selectFrom('clients').select('settings').where('id', '=', clientId).executeTakeFirst()
  const { quotaBytes = null } = JSON.parse(client?.settings ?? '{}') as { readonly quotaBytes?: number | null }
  return quotaBytes
}

/** The quota of a client, whose row nobody else changes until the transaction ends. */
async function lockClient(queries: Queries, clientId: number): Promise<number | null> {
  await holdRow(queries, 'clients', clientId)
  return quotaOf(queries, clientId)
}

async function put(
  queries: Queries,
  { uploadId, clientId, repositoryId }: RoomClaim,
  figures: Pick<Selectable<UploadRoomRow>, 'reserved_bytes' | 'sent_bytes' | 'is_ended' | 'changed_at'>,
): Promise<void> {
  await queries
    .insertInto('upload_room')
    .values({ upload_id: uploadId, client_id: clientId, repository_id: repositoryId, ...figures })
    .onConflict((conflict) => conflict.column('upload_id').doUpdateSet(figures))
    .execute()
}
