import { EngineError } from '../../errors.ts'

/** A repository behind restic's REST protocol. */
export interface RestLocation {
  readonly scheme: 'rest'
  /** With `***` instead of a password. */
  readonly display: string
  readonly protocol: 'http:' | 'https:'
  readonly host: string
  readonly port: number | undefined
  /** UNIX socket to connect to instead of host and port. */
  readonly socketPath: string | undefined
  /** Encoded, with a slash at both ends. */
  readonly path: string
  readonly username: string | undefined
  readonly password: string | undefined
}

/** Reads `rest:http[s]://[user:password@]host[:port]/path/` and `rest:http+unix:///path/of/socket:/path/`. */
export function parseRestLocation(text: string): RestLocation {
  const rest = text.slice('rest:'.length)
  const socket = /^http\+unix:\/\/(?:([^/@]*)@)?(\/[^:]+)(?::(\/.*)?)?$/.exec(rest)
  const target = socket === null ? rest : `http://${socket[1] === undefined ? '' : `${socket[1]}@`}localhost${socket[3] ?? '/'}`
  const url = URL.canParse(target) ? new URL(target) : undefined
  const protocol = url?.protocol
  if (url === undefined || url.hostname === '' || (protocol !== 'http:' && protocol !== 'https:')) {
    throw new EngineError('storage.location', 'Cannot open the repository: write rest:https://HOST:PORT/PATH/')
  }
  const path = url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`
  const user = url.username === '' ? '' : `${url.username}${url.password === '' ? '' : ':***'}@`
  const display = socket === null ? `${protocol}//${user}${url.host}${path}` : `http+unix://${user}${socket[2]}:${path}`
  return {
    scheme: 'rest',
    display: `rest:${display}`,
    protocol,
    // An IPv6 address has brackets in a URL only.
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? undefined : Number(url.port),
    socketPath: socket?.[2],
    path,
    username: url.username === '' ? undefined : decode(url.username),
    password: url.password === '' ? undefined : decode(url.password),
  }
}

/** The repository `name` below the path of a location. */
export function restLocationBelow(location: RestLocation, name: string): RestLocation {
  const added = `${encodeURIComponent(name)}/`
  return { ...location, path: location.path + added, display: location.display + added }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
