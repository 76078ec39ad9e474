import { posix } from 'node:path'
import { EngineError } from '../../errors.ts'

/** A repository below a prefix of a bucket. */
export interface S3Location {
  readonly scheme: 's3'
  readonly display: string
  /** `https://host[:port]` without a path. */
  readonly endpoint: string
  readonly bucket: string
  /** Without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string
}

/** Reads `s3:https://host[:port]/bucket[/prefix]`, `s3:host/bucket[/prefix]` and `s3://host/bucket[/prefix]`. */
export function parseS3Location(text: string): S3Location {
  const rest = text.slice('s3:'.length)
  const asUrl = /^https?:\/\//.test(rest)
  // Not as a whole by URL, which would resolve `..` before anybody saw it.
  const [, origin = '', path = ''] = /^(https?:\/\/[^/]*)(.*)$/.exec(asUrl ? rest : `https://${rest.replace(/^\/\//, '')}`) ?? []
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  if (url === undefined || url.hostname === '') throw locationError('the host is missing')
  if (url.username !== '' || url.password !== '') throw locationError('keys do not belong into the location')
  const [, bucket = '', prefix = ''] = /^\/([^/]*)\/?(.*)$/.exec(asUrl ? decodePath(path) : path) ?? []
  if (bucket === '' || bucket === '.' || bucket === '..') throw locationError('the bucket is missing')
  const cleanPrefix = cleanPath(prefix)
  const display = `s3:${url.origin}/${[bucket, cleanPrefix].filter((part) => part !== '').join('/')}`
  return { scheme: 's3', display, endpoint: url.origin, bucket, prefix: cleanPrefix }
}

/** The prefix `name` below the prefix of a location. */
export function s3LocationBelow(location: S3Location, name: string): S3Location {
  const prefix = location.prefix === '' ? name : `${location.prefix}/${name}`
  return { ...location, prefix, display: `${location.display}/${name}` }
}

function cleanPath(path: string): string {
  const clean = path === '' ? '' : posix.normalize(path).replace(/^\/+|\/+$/g, '')
  if (clean === '..' || clean.startsWith('../')) throw locationError('the prefix leads out of the bucket')
  return clean === '.' ? '' : clean
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw locationError('the path has a broken % escape')
  }
}

function locationError(state: string): EngineError {
  return new EngineError('storage.location', `Cannot open the repository: ${state}; write s3:https://HOST/BUCKET/PREFIX`)
}
