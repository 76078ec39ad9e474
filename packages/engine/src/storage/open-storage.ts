import { EngineError } from '../errors.ts'
import { appendOnly } from './append-only.ts'
import type { HttpOptions } from './http/http-client.ts'
import { type LocalLocation, localLocationBelow, looksLikePath, parseLocalLocation } from './local/local-location.ts'
import { LocalStorage } from './local/local-storage.ts'
import { readOnly } from './read-only.ts'
import { parseRestLocation, type RestLocation, restLocationBelow } from './rest/rest-location.ts'
import { type RestOptions, RestStorage } from './rest/rest-storage.ts'
import { parseS3Location, type S3Location, s3LocationBelow } from './s3/s3-location.ts'
import type { S3Options } from './s3/s3-options.ts'
import { S3Storage } from './s3/s3-storage.ts'
import { parseSftpLocation, type SftpLocation, sftpLocationBelow } from './sftp/sftp-location.ts'
import { SftpStorage } from './sftp/sftp-storage.ts'
import type { SftpOptions } from './sftp/ssh-connection.ts'
import type { Storage } from './storage.ts'
import { type BandwidthLimit, withBandwidthLimit } from './with-bandwidth-limit.ts'
import { withConcurrency } from './with-concurrency.ts'
import { type RetryOptions, withRetry } from './with-retry.ts'

/** Where a repository is; `display` is the location for messages, without secrets. */
export type ParsedLocation = LocalLocation | S3Location | SftpLocation | RestLocation

/** Everything a storage may need beyond its location. The engine reads no environment: whoever calls brings the credentials. */
export interface OpenStorageOptions {
  /** How many calls may be under way at once. Default: 2 for `local`, 5 for the others, as restic's. */
  readonly connections?: number | undefined
  readonly s3?: S3Options | undefined
  readonly sftp?: SftpOptions | undefined
  readonly rest?: RestOptions | undefined
  /** For S3 and REST, where these do not have their own. */
  readonly http?: HttpOptions | undefined
  readonly bandwidth?: BandwidthLimit | undefined
  /** False switches retries off. */
  readonly retry?: RetryOptions | false | undefined
  /** Default `read-write`. */
  readonly access?: 'read-write' | 'append-only' | 'read-only' | undefined
}

/** One kind of storage: how its locations look and how one is opened. `open` and `below` take locations of its own scheme only. */
export interface StorageKind {
  readonly scheme: ParsedLocation['scheme']
  /** How a location looks, for messages and help. */
  readonly examples: readonly string[]
  parse(text: string): ParsedLocation
  /** The location of something else below the same place. */
  below(location: ParsedLocation, name: string): ParsedLocation
  open(location: ParsedLocation, options: OpenStorageOptions): Promise<Storage>
}

/** Every kind of storage that there is. */
export function allStorages(): readonly StorageKind[] {
  return [
    {
      scheme: 'local',
      examples: ['/srv/repository', 'local:repository'],
      parse: parseLocalLocation,
      below: localLocationBelow,
      open: ({ folder }: LocalLocation, { connections }) => LocalStorage.open({ folder, connections }),
    },
    {
      scheme: 's3',
      examples: ['s3:https://host:9000/bucket/prefix', 's3:s3.amazonaws.com/bucket/prefix'],
      parse: parseS3Location,
      below: s3LocationBelow,
      open: (location: S3Location, { connections, s3, http }) => S3Storage.open(location, { http, ...s3, connections }),
    },
    {
      scheme: 'sftp',
      examples: ['sftp:user@host:/srv/repository', 'sftp://user@host:2222//srv/repository'],
      parse: parseSftpLocation,
      below: sftpLocationBelow,
      open: (location: SftpLocation, { connections, sftp }) => SftpStorage.open(location, { ...sftp, connections }),
    },
    {
      scheme: 'rest',
      examples: ['rest:https://user:password@host:8000/path/'],
      parse: parseRestLocation,
      below: restLocationBelow,
      open: async (location: RestLocation, { connections, rest, http }) => new RestStorage(location, { http, ...rest, connections }),
    },
  ]
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

/** The location of `name` below another: a fresh place for a test, or one of several repositories. */
export function locationBelow(location: ParsedLocation, name: string): ParsedLocation {
  return kindOf(location).below(location, name)
}

/**
 * Opens the storage at a location, with as many connections as it may use, the limits that were asked for, and retries. Nothing needs to
 * exist there: `prepare` makes what is missing. SFTP connects now; the others when they are used. Close it after use.
 */
export async function openStorage(location: string | ParsedLocation, options: OpenStorageOptions = {}): Promise<Storage> {
  const parsed = typeof location === 'string' ? parseLocation(location) : location
  const bare = await kindOf(parsed).open(parsed, options)
  const concurrent = withConcurrency(bare)
  const limited = options.bandwidth === undefined ? concurrent : withBandwidthLimit(concurrent, options.bandwidth)
  const patient = options.retry === false ? limited : withRetry(limited, options.retry)
  if (options.access === 'read-only') return readOnly(patient)
  return options.access === 'append-only' ? appendOnly(patient) : patient
}

function kindOf(location: ParsedLocation): StorageKind {
  const kind = allStorages().find((candidate) => candidate.scheme === location.scheme)
  if (kind === undefined) throw new EngineError('storage.location', `Cannot open ${location.display}: no such kind of storage`)
  return kind
}
