import type { FileKind, FileRef } from '@holdfast/engine'

/** A request to one repository, as it comes over the wire. */
export interface RestRequest {
  readonly method: string
  /** What follows the repository in the URL, not decoded: empty, `config`, `data/`, `data/<name>`. */
  readonly path: string
  /** What follows the question mark. */
  readonly query: string
  readonly accept?: string | undefined
  readonly range?: string | undefined
  /** The header as it came; undefined for a body of unknown length. */
  readonly contentLength?: string | undefined
  /** Rejects when the connection breaks off. */
  readonly body: AsyncIterable<Uint8Array>
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined
}

/** What a request wants, or the status that it is refused with because no request has that form. */
export type RestOperation =
  | { readonly what: 'create' }
  | { readonly what: 'list'; readonly kind: FileKind; readonly withSizes: boolean }
  | { readonly what: 'stat' | 'save' | 'remove'; readonly file: FileRef }
  | { readonly what: 'read'; readonly file: FileRef; readonly range: RangeWanted | undefined }
  | { readonly what: 'nothing'; readonly status: 400 | 404 | 405; readonly message: string; readonly allow?: string }

/** Bytes from `first` to `last`, both included; to the end where `last` is missing; the last `suffix` bytes. */
export type RangeWanted =
  | { readonly first: number; readonly last: number }
  | { readonly first: number; readonly last?: undefined }
  | { readonly suffix: number }

export const MEDIA_TYPE_V1 = 'application/vnd.x.restic.rest.v1'
export const MEDIA_TYPE_V2 = 'application/vnd.x.restic.rest.v2'

/** Understands a request by restic's rules: only these paths exist, and nothing in them is decoded or normalized. */
export function parseOperation({ method, path, query, accept, range }: RestRequest): RestOperation {
  if (path === '') return rootOperation(method, query)
  if (path === 'config') return fileOperation(method, { file: { kind: 'config', name: '' }, range })
  const [, kind, name] = /^(data|index|keys|locks|snapshots)\/([0-9a-f]{64})?$/.exec(path) ?? []
  if (kind === undefined) return { what: 'nothing', status: 404, message: 'Cannot find this: a repository has no such path' }
  if (name !== undefined) return fileOperation(method, { file: { kind: kind as FileKind, name }, range })
  if (method !== 'GET') return wrongMethod(method, 'GET')
  return { what: 'list', kind: kind as FileKind, withSizes: (accept ?? '').includes(MEDIA_TYPE_V2) }
}

function rootOperation(method: string, query: string): RestOperation {
  if (method !== 'POST') return wrongMethod(method, 'POST')
  if (new URLSearchParams(query).get('create') === 'true') return { what: 'create' }
  return { what: 'nothing', status: 400, message: 'Cannot do this: only ?create=true can be posted to a repository' }
}

function fileOperation(method: string, { file, range }: { readonly file: FileRef; readonly range: string | undefined }): RestOperation {
  switch (method) {
    case 'HEAD':
      return { what: 'stat', file }
    case 'GET':
      return { what: 'read', file, range: parseRange(range) }
    case 'POST':
      return { what: 'save', file }
    case 'DELETE':
      return { what: 'remove', file }
    default:
      return wrongMethod(method, 'HEAD, GET, POST, DELETE')
  }
}

function wrongMethod(method: string, allow: string): RestOperation {
  return { what: 'nothing', status: 405, message: `Cannot do this: ${method} is not for this path`, allow }
}

/** One range of bytes. Anything else is as if it were not there, as RFC 9110 has it: the answer is the whole file then. */
function parseRange(header: string | undefined): RangeWanted | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  if (first === '') return { suffix: Number(last) }
  if (last === '') return { first: Number(first) }
  return Number(last) < Number(first) ? undefined : { first: Number(first), last: Number(last) }
}
