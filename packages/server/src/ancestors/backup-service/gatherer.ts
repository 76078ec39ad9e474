import { type Clock, messageOf, timestampFromMs } from '@holdfast/engine'
import type { UploadClient, Uploads } from '../../features/uploads/uploads.ts'
import { type BatchFile, snapshotPathOf, uploadBatch } from './batch-upload.ts'
import { type KeptVersionsStore, SERVICE_TAG } from './kept-versions/store.ts'
import { PathSpace } from './path-space.ts'
import { pathsOf, summaryOf } from './snapshot-facts.ts'
import type { Spool } from './spool.ts'
import type { ServiceStore, StoredFile } from './store.ts'

const LOOK_EVERY_MS = 1000
/** A snapshot is made when nothing has come for so long, */
const QUIET_MS = 3000
/** or when the oldest file waits for so long, or so many wait: ten thousand files make a handful of snapshots. */
const WAIT_MS = 60_000
const FILES_MAX = 5000
/** Of those that wait the first ones are looked at. */
const WAITING_MAX = 100_000
/** What nobody knows of is removed from the spool when it is so old: it may be an upload of this moment. */
const LOST_MS = 24 * 3_600_000
const SWEEP_EVERY_MS = 3_600_000
/** What cannot be stored now, or waits on the disk of another server, is looked at again after so long. */
const REST_MS = 15_000

export interface GathererOptions {
  readonly store: ServiceStore
  readonly keptVersions: Pick<KeptVersionsStore, 'announce' | 'noteFiles'>
  readonly spool: Spool
  readonly uploads: Uploads
  readonly clock: Clock
  /** Where files of a client go, and what its snapshots say. */
  readonly target: (clientId: number) => Promise<Omit<UploadClient, 'planId' | 'runId'>>
  readonly onFailure: (error: unknown) => void
}

/** Makes snapshots of uploaded files, many of them at a time. What waits when the process ends is taken up by the next one. */
export class Gatherer {
  readonly #options: GathererOptions
  #stopLooking: (() => void) | undefined
  #working: Promise<void> = Promise.resolve()
  #isWorking = false
  #sweptAt = Number.NEGATIVE_INFINITY
  /** Until when nothing is done for a client. */
  readonly #restUntil = new Map<number, number>()

  constructor(options: GathererOptions) {
    this.#options = options
  }

  start(): void {
    this.#stopLooking ??= this.#options.clock.every(LOOK_EVERY_MS, () => {
      if (this.#isWorking) return
      this.#isWorking = true
      this.#working = this.gather()
        .catch(this.#options.onFailure)
        .finally(() => {
          this.#isWorking = false
        })
    })
  }

  async stop(): Promise<void> {
    this.#stopLooking?.()
    this.#stopLooking = undefined
    await this.#working
  }

  /** Makes the snapshots that are due; with `all`, of everything that waits. A client whose files cannot be stored now waits. */
  async gather({ all = false }: { readonly all?: boolean } = {}): Promise<void> {
    const { store, clock, onFailure } = this.#options
    await this.#sweep().catch(onFailure)
    const byClient = Map.groupBy(await store.spooled({ limit: WAITING_MAX }).catch(() => []), ({ client_id }) => client_id)
    for (const [clientId, files] of byClient) {
      const now = clock.now()
      // In the order in which they came.
      const isQuiet = now - (files.at(-1)?.uploaded_at ?? 0) > QUIET_MS
      const isLate = now - (files[0]?.uploaded_at ?? 0) > WAIT_MS
      const isDue = (isQuiet || isLate || files.length >= FILES_MAX) && now >= (this.#restUntil.get(clientId) ?? 0)
      if (!all && !isDue) continue
      this.#restUntil.delete(clientId)
      for (let rest = files; rest.length > 0; ) {
        const { batch, others } = await this.#choose(rest)
        if (batch.length === 0) {
          this.#restUntil.set(clientId, now + REST_MS)
          break
        }
        const isDone = await this.#store(clientId, batch).then(
          () => true,
          (error: unknown) => {
            onFailure(new Error(`Cannot make a snapshot of what client ${clientId} has uploaded: ${messageOf(error)}`, { cause: error }))
            this.#restUntil.set(clientId, clock.now() + REST_MS)
            return false
          },
        )
        if (!isDone) break
        rest = others
      }
    }
  }

  async #sweep(): Promise<void> {
    const { store, spool, clock } = this.#options
    const now = clock.now()
    if (now - this.#sweptAt < SWEEP_EVERY_MS) return
    this.#sweptAt = now
    await spool.sweep({ before: now - LOST_MS, known: () => store.spoolPaths() })
  }

  /** One version of each path, the oldest first; only those that are on this machine. */
  async #choose(files: readonly StoredFile[]): Promise<{ readonly batch: StoredFile[]; readonly others: StoredFile[] }> {
    const batch: StoredFile[] = []
    const space = new PathSpace()
    const others: StoredFile[] = []
    for (const file of files) {
      if (!(await this.#options.spool.has(file.spool_path ?? ''))) continue
      const path = snapshotPathOf(file.path)
      if (batch.length >= FILES_MAX || !space.fits(path)) others.push(file)
      else {
        batch.push(file)
        space.add(path)
      }
    }
    return { batch, others }
  }

  async #store(clientId: number, files: readonly StoredFile[]): Promise<void> {
    const { keptVersions, spool, uploads, target, clock } = this.#options
    const client = { ...(await target(clientId)), planId: null, runId: null }
    const { repositoryId } = client
    const paths = pathsOf(files)
    const { uploadId, chunkerPolynomial } = await uploads.open(client, { paths: [...paths] })
    const key = { uploadId, clientId }
    let snapshotId: string
    try {
      const { tree, addedBytes } = await uploadBatch(
        (action) => uploads.call(key, action),
        files.map((file) => this.#fileOf(file)),
        { chunkerPolynomial },
      )
      const time = timestampFromMs(Math.min(clock.now(), Math.max(...files.map(({ uploaded_at }) => uploaded_at))))
      const summary = summaryOf(files, { time, addedBytes })
      const request = { tree, time, paths: [...paths], tags: [SERVICE_TAG], excludes: [], parent: null, programVersion: null, summary }
      const onNamed = (id: string): Promise<void> => keptVersions.announce({ repositoryId, snapshotId: id }, clock.now())
      snapshotId = await uploads.commit(key, request, { onNamed })
    } catch (error) {
      if (uploads.has(uploadId)) await uploads.abandon(key)
      throw error
    }
    await keptVersions.noteFiles(
      files.map(({ id }) => id),
      { repositoryId, snapshotId },
    )
    for (const { spool_path } of files) await spool.remove(spool_path ?? '')
  }

  #fileOf({ path, uploaded_at, size_bytes, spool_path }: StoredFile): BatchFile {
    const { spool } = this.#options
    return {
      path: snapshotPathOf(path),
      modifiedAt: uploaded_at,
      sizeBytes: size_bytes,
      async *content() {
        const content = await spool.read(spool_path ?? '')
        if (content === undefined) throw new Error(`the uploaded file ${path} is not on this machine any more`)
        yield* content
      },
    }
  }
}
