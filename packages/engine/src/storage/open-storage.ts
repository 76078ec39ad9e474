import { EngineError } from '../errors.ts'
import { type LocalLocation, looksLikePath, parseLocalLocation } from './local/local-location.ts'
import { LocalStorage } from './local/local-storage.ts'
import type { Storage } from './storage.ts'
import { withConcurrency } from './with-concurrency.ts'
import { type RetryOptions, withRetry } from './with-retry.ts'

/** Where a repository is; `display` is the location as it was given, without secrets. */
export type ParsedLocation = LocalLocation

/** Everything a storage may need beyond its location. The engine reads no environment: whoever calls brings the credentials. */
export interface OpenStorageOptions {
  /** How many calls may be under way at once; each kind of storage has its own default. */
  readonly connections?: number | undefined
  /** False switches retries off. */
  readonly retry?: RetryOptions | false | undefined
}

/** One kind of storage: how its locations look and how one is opened. */
interface StorageKind {
  readonly scheme: ParsedLocation['scheme']
  /** How a location looks, for messages and help. */
  readonly examples: readonly string[]
  parse(text: string): ParsedLocation
}

/** Every kind of storage that there is. */
export function allStorages(): readonly StorageKind[] {
  return [{ scheme: 'local', examples: ['/srv/repository', 'local:repository'], parse: parseLocalLocation }]
}

/** Reads a location as restic writes them. Rejects with `storage.location`; the message shows no secret. */
export function parseLocation(text: string): ParsedLocation {
  const scheme = text.slice(0, Math.max(0, text.indexOf(':')))
  const kind = allStorages().find((candidate) => candidate.scheme === scheme)
  if (kind !== undefined) return kind.parse(text)
  if (looksLikePath(text)) return parseLocalLocation(text)
  const known = allStorages().map((candidate) => `${candidate.scheme}:`)
  const advice = `use one of ${known.join(', ')}; for a folder put local: before it`
  throw new EngineError('storage.location', `Cannot open the repository: ${JSON.stringify(scheme)} is no kind of storage; ${advice}`)
}

/**
 * Opens the storage at a location, with retries, as many connections as it may use and the limits asked for. Nothing needs to exist there:
 * `prepare` makes what is missing. Close it after use.
 */
export async function openStorage(location: string | ParsedLocation, options: OpenStorageOptions = {}): Promise<Storage> {
  const parsed = typeof location === 'string' ? parseLocation(location) : location
  const bare = await openBare(parsed, options)
  const limited = withConcurrency(bare)
  return options.retry === false ? limited : withRetry(limited, options.retry)
}

async function openBare(location: ParsedLocation, options: OpenStorageOptions): Promise<Storage> {
  return LocalStorage.open({ folder: location.folder, connections: options.connections })
}
