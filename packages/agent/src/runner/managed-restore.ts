import {
  type ByteString,
  byteStringOf,
  type Clock,
  displayText,
  executeRestore,
  type Lender,
  openBorrowed,
  type PackId,
  type RestoreProgress,
  type RestoreRequest,
  randomSealingKey,
  type SealingKey,
  spareRestoreThreads,
} from '@holdfast/engine'
import { LENT_RANGE_BYTES_MAX, lentSchema, type RestoreOrder, type RunStatistics } from '@holdfast/protocol'
import { AgentError } from '../errors.ts'
import type { RestoreWork } from './execute-run.ts'
import { callPatiently, type RetryOptions, type UploadLink } from './upload-link.ts'

/** Holds a transfer back, to keep within a bandwidth. */
type Pace = (direction: 'download', sizeBytes: number) => Promise<void>

export interface ManagedRestoreOptions extends RetryOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly pace?: Pace | undefined
  readonly progress: RestoreProgress
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
  const { tree, chunkerPolynomial, indexParts } = lentSchema.parse(JSON.parse(described.toString('utf8')))
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
  return async (order, { signal, limits, progress, log }) => {
    const { downloadBytesPerSecond } = limits
    const pace = downloadBytesPerSecond === undefined ? undefined : paceOf(downloadBytesPerSecond)
    using link = open(pace)
    return await restoreManaged(link, order, {
      clock,
      signal,
      pace,
      onRetry: (message) => log('warning', `${message}; trying again`),
      progress: {
        finished: (path, _action, sizeBytes) => {
          progress.advance?.({ files: 1, folders: 0, bytes: sizeBytes })
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
    return options.pace === undefined ? content : options.pace('download', content.length).then(() => content)
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

function requestOf({ paths, target, overwrite, delete: removeExtraneous }: RestoreOrder, tree: RestoreRequest['tree']): RestoreRequest {
  const wanted = paths.map(pathOfAddress)
  return {
    tree,
    target: byteStringOf(target ?? '/'),
    overwrite,
    removeExtraneous,
    ...(wanted.length === 0 ? {} : { select: (path) => selectionOf(path, wanted) }),
  }
}

function selectionOf(
  path: ByteString,
  wanted: readonly ByteString[],
): { readonly selected: boolean; readonly childMayBeSelected: boolean } {
  const selected = wanted.some((one) => path === one || one === '/' || path.startsWith(`${one}/`))
  return { selected, childMayBeSelected: selected || path === '/' || wanted.some((one) => one.startsWith(`${path}/`)) }
}

/** The bytes that a path of the protocol stands for: `%` and two digits are one of them. A slash at the end means nothing. */
export function pathOfAddress(address: string): ByteString {
  const bytes = Buffer.from(address, 'utf8').toString('latin1')
  const path = bytes.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  return (path.length > 1 ? path.replace(/\/+$/, '') : path) as ByteString
}
