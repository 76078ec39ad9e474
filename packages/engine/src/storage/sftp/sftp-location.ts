import { posix } from 'node:path'
import { EngineError } from '../../errors.ts'

/** A repository in a folder of a machine that is reached by SSH. */
export interface SftpLocation {
  readonly scheme: 'sftp'
  readonly display: string
  /** Undefined: what the SSH configuration says, else the current user. */
  readonly user: string | undefined
  /** A host or an alias of the SSH configuration. */
  readonly host: string
  readonly port: number | undefined
  /** Absolute, or relative to where the server puts the user, which is mostly the home folder. */
  readonly path: string
}

/** Reads `sftp:[user@]host:path` and `sftp://[user@]host[:port]/path`, where an absolute path makes two slashes. */
export function parseSftpLocation(text: string): SftpLocation {
  const location = text.startsWith('sftp://') ? parseUrl(text) : parseShort(text.slice('sftp:'.length))
  if (location.path.startsWith('~')) {
    throw locationError('servers do not know ~; leave it out, a relative path begins in the home folder')
  }
  return location
}

/** The folder `name` in the folder of a location. */
export function sftpLocationBelow(location: SftpLocation, name: string): SftpLocation {
  return { ...location, path: posix.join(location.path, name), display: `${location.display.replace(/\/$/, '')}/${name}` }
}

function parseUrl(text: string): SftpLocation {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.hostname === '') throw locationError('the host is missing')
  if (url.password !== '') throw locationError('a password does not belong into the location')
  // Not from the URL, which would resolve `..` and the second slash of an absolute path.
  const [, encodedPath = ''] = /^sftp:\/\/[^/]*\/(.*)$/.exec(text) ?? []
  if (encodedPath === '') throw locationError('the path is missing')
  const user = url.username === '' ? undefined : decode(url.username)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const path = cleanPath(decode(encodedPath))
  const display = `sftp://${user === undefined ? '' : `${user}@`}${url.host}/${path}`
  return { scheme: 'sftp', display, user, host, port: url.port === '' ? undefined : Number(url.port), path }
}

function parseShort(text: string): SftpLocation {
  // A user name may have an @, a host may not, but an IPv6 address has colons in brackets.
  const [, user, bracketed, plain, path = ''] = /^(?:(.+)@)?(?:\[([^\]]+)\]|([^@:]+)):(.*)$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined) throw locationError('the host or the path is missing')
  const shownHost = bracketed === undefined ? host : `[${host}]`
  const clean = cleanPath(path)
  const display = `sftp:${user === undefined ? '' : `${user}@`}${shownHost}:${clean}`
  return { scheme: 'sftp', display, user, host, port: undefined, path: clean }
}

function cleanPath(path: string): string {
  const clean = posix.normalize(path)
  return clean.length > 1 ? clean.replace(/\/$/, '') : clean
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw locationError('the location has a broken % escape')
  }
}

function locationError(state: string): EngineError {
  return new EngineError('storage.location', `Cannot open the repository: ${state}; write sftp:USER@HOST:PATH`)
}
