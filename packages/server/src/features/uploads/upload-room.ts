import type { Clock } from '@holdfast/engine'
import { ServerError } from '../../errors.ts'
import { sizeInWords } from '../../size-words.ts'
import type { RoomGrant, RoomStore } from './room-store.ts'
import type { UploadOwner } from './store.ts'

/** An upload that goes on shows that it does so often. */
const TOUCH_EVERY_MS = 5 * 60_000

export interface UploadRoomOptions {
  readonly store: RoomStore
  readonly clock: Clock
  readonly owner: UploadOwner & { readonly clientName: string }
  readonly uploadId: string
  /** What broken-off uploads of the client have left in the repository: that it is there already does not make it free. */
  readonly leftBytes: number
}

/**
 * The room that one upload takes up of its client's quota: what it sends, counted before it is stored, and what it uses of what
 * broken-off uploads sent.
 */
export class UploadRoom {
  readonly #options: UploadRoomOptions
  #sentBytes = 0
  #namedBytes = 0
  #grantedBytes = 0
  /** Whether the room that it takes up was written down. */
  #isCounted = false
  #claimedAt = Number.NEGATIVE_INFINITY

  constructor(options: UploadRoomOptions) {
    this.#options = options
  }

  /** What the snapshot of the upload adds to what the client takes up. */
  get takenBytes(): number {
    return this.#sentBytes + this.#usedBytes
  }

  /** Something is to be stored. @throws {ServerError} `quota.exceeded` when there is no room for it */
  async send(sizeBytes: number): Promise<void> {
    this.#sentBytes += sizeBytes
    try {
      await this.#demand()
    } catch (error) {
      this.#sentBytes -= sizeBytes
      throw error
    }
  }

  /** The client is about to use something that is stored already. Whether there is room for it is said when it sends something. */
  use(sizeBytes: number): void {
    this.#namedBytes += sizeBytes
  }

  /** The upload goes on. @throws {ServerError} `quota.exceeded` when the quota has become smaller than what it takes up */
  async touch(): Promise<void> {
    const isOld = this.#options.clock.now() - this.#claimedAt >= TOUCH_EVERY_MS
    if (isOld && this.takenBytes > 0) await this.#claim()
  }

  /** There is to be a snapshot. @throws {ServerError} `quota.exceeded` when there is no room for all that it takes up */
  async check(): Promise<void> {
    await this.#demand()
  }

  /** There will be no snapshot. */
  async end(): Promise<void> {
    const { store, uploadId, clock } = this.#options
    if (this.#isCounted) await store.end({ uploadId, sentBytes: this.#sentBytes }, clock.now())
  }

  /** There is a snapshot, which is counted by itself. */
  async settle(): Promise<void> {
    const { store, uploadId, owner, clock } = this.#options
    if (!this.#isCounted) return
    const { clientId, repositoryId } = owner
    await store.settle({ uploadId, clientId, repositoryId, usedBytes: this.#usedBytes }, clock.now())
  }

  get #usedBytes(): number {
    return Math.min(this.#namedBytes, this.#options.leftBytes)
  }

  async #demand(): Promise<void> {
    if (this.takenBytes > this.#grantedBytes) await this.#claim()
  }

  async #claim(): Promise<void> {
    const { store, owner, uploadId, clock } = this.#options
    const { clientId, repositoryId } = owner
    const { takenBytes } = this
    const grant = await store.claim({ uploadId, clientId, repositoryId, takenBytes, sentBytes: this.#sentBytes }, clock.now())
    if (grant.grantedBytes < takenBytes) throw exceeded(owner.clientName, grant)
    this.#isCounted ||= grant.quotaBytes !== null
    this.#grantedBytes = Math.max(this.#grantedBytes, grant.grantedBytes)
    this.#claimedAt = clock.now()
  }
}

function exceeded(clientName: string, { quotaBytes, storedBytes, isLittered }: RoomGrant): ServerError {
  const quota = sizeInWords(quotaBytes ?? 0)
  const state = isLittered
    ? `backups that broke off have left as much again as the ${quota} that it may have; try again in some days`
    : `it would take up more than the ${quota} that it may have, of which its snapshots take up ${sizeInWords(storedBytes)}; ` +
      'exclude something, have snapshots removed, or ask an administrator for a larger quota'
  return new ServerError('quota.exceeded', `Cannot go on with the backup of ${clientName}: ${state}`)
}
