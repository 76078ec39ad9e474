import {
  type ByteString,
  byteStringOf,
  type Clock,
  displayText,
  executeRestore,
  isWithin,
  type Lender,
  openBorrowed,
  type PackId,
  type RestoreProgress,
  type RestoreRequest,
  randomSealingKey,
  type SealingKey,
  selectPaths,
  spareRestoreThreads,
} from '@holdfast/engine'
import { LENT_RANGE_BYTES_MAX, lentSchema, type RestoreOrder, type RunStatistics } from '@holdfast/protocol'
import { AgentError } from '../errors.ts'
import type { RestoreWork, RestoreWorkOptions } from './execute-run.ts'
import { Outage } from './outage.ts'
import { callPatiently, type RetryOptions, type UploadLink } from './upload-link.ts'

/** Holds a transfer back, to keep within a bandwidth; rejects at once when the signal is aborted. */
type Pace = (direction: 'download', sizeBytes: number, signal: AbortSignal | undefined) => Promise<void>

export interface ManagedRestoreOptions extends RetryOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly pace?: Pace | undefined
  readonly progress: RestoreProgress
  /** Told how much there is to restore, where that is known. */
  readonly total?: RestoreWorkOptions['total']
}

/**
 * Restores through a server that holds the repository's key: it lends what the snapshot needs, sealed under a key that is drawn here.
 * @throws {EngineError} as `executeRestore`; what could not be restored is counted in `errorCount`
 */
export async function restoreManaged(
  link: UploadLink,
  { runId, restore }: { readonly runId: number; readonly restore: RestoreOrder },
  options: ManagedRestoreOptions,
): Promise<RunStatistics> {
  const { signal, clock, progress } = options
  // They load while the server looks what the snapshot needs.
  await using threads = spareRestoreThreads()
  const key = randomSealingKey()
  const path = `/agent/v1/runs/${runId}/lent`
  const described = await callPatiently(link, { method: 'POST', path, body: {}, signal }, options)
  const { tree, chunkerPolynomial, indexParts, total } = lentSchema.parse(JSON.parse(described.toString('utf8')))
  if (total !== null) options.total?.(total)
  const lender = lenderOf(link, { path, key, indexParts }, options)
  const indexed = await openBorrowed(lender, { key, chunkerPolynomial, clock, signal })
  const done = await executeRestore(indexed, requestOf(restore, tree as RestoreRequest['tree']), { signal, progress, threads })
  const { filesRestored, filesSkipped, filesRemoved, filesTotal, bytesRestored, bytesTotal, problems } = done
  return {
    filesChanged: filesRestored,
    filesUnmodified: filesSkipped,
    fileCount: filesTotal,
    totalBytes: bytesTotal,
    addedBytes: bytesRestored,
    errorCount: problems,
    other: { filesRemoved },
  }
}

/** As work of a run. */
export function managedRestoreWork(
  open: (pace: Pace | undefined) => UploadLink & Disposable,
  { clock, paceOf }: { readonly clock: Clock; readonly paceOf: (bytesPerSecond: number) => Pace },
): RestoreWork {
  return async (order, { signal, limits, progress, total, log }) => {
    const { downloadBytesPerSecond } = limits
    const pace = downloadBytesPerSecond === undefined ? undefined : paceOf(downloadBytesPerSecond)
    using link = open(pace)
    return await restoreManaged(link, order, {
      clock,
      signal,
      pace,
      total,
      outage: new Outage(log),
      progress: {
        written: (bytes) => progress.advance?.({ files: 0, folders: 0, bytes }),
        finished: (path, action, sizeBytes) => {
          // What was left alone was never written; what was removed is not of the snapshot.
          if (action !== 'deleted') progress.advance?.({ files: 1, folders: 0, bytes: action === 'unchanged' ? sizeBytes : 0 })
          progress.current?.(path)
        },
        problem: (path, { message }) => progress.problem?.({ path, message, severity: 'error' }),
        warning: (path, message) => log('warning', `${displayText(path)}: ${message}`),
      },
    })
  }
}

function lenderOf(
  link: UploadLink,
  { path, key, indexParts }: { readonly path: string; readonly key: SealingKey; readonly indexParts: number },
  options: ManagedRestoreOptions,
): Lender {
  const secret = Buffer.concat([key.encrypt, key.macK, key.macR]).toString('base64')
  const read = async (what: string, body: Readonly<Record<string, unknown>>, signal: AbortSignal | undefined): Promise<Uint8Array> => {
    const content = await callPatiently(link, { method: 'POST', path: `${path}/${what}`, body: { ...body, key: secret }, signal }, options)
    // At a small bandwidth what is read at once takes minutes, for which nobody who stops a restore waits.
    return options.pace === undefined ? content : options.pace('download', content.length, signal).then(() => content)
  }
  return {
    location: link.location,
    indexParts,
    readIndex: (part, { signal }) => read('index', { part }, signal),
    readPack: async (pack: PackId, { offset, length }, { signal }) => {
      if (length > LENT_RANGE_BYTES_MAX) throw new AgentError('link.outdated', `Cannot read ${length} bytes of a pack at once`)
      return await read('pack', { pack, offset, length }, signal)
    },
  }
}

function requestOf(
  { paths, target, overwrite, delete: removeExtraneous, sources }: RestoreOrder,
  tree: RestoreRequest['tree'],
): RestoreRequest {
  const backedUp = sources.map(pathOfAddress)
  return {
    tree,
    target: byteStringOf(target ?? '/'),
    overwrite,
    removeExtraneous,
    removesIn: (folder) => isWithin(folder, backedUp),
    // Where everything has its own place, links above are part of the machine; in another folder none may lead out of it.
    keepsWays: target === null,
    ...selectPaths(paths.map(pathOfAddress)),
  }
}

/** The bytes that a path of the protocol stands for: `%` and two digits are one of them. A slash at the end means nothing. */
export function pathOfAddress(address: string): ByteString {
  const bytes = Buffer.from(address, 'utf8').toString('latin1')
  const path = bytes.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  return (path.length > 1 ? path.replace(/\/+$/, '') : path) as ByteString
}
