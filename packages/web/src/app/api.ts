import type { Problem } from '@holdfast/protocol'

/** What a value of a query may be; undefined leaves it out, an array repeats it. */
export type QueryValue = string | number | boolean | undefined | readonly (string | number)[]

/** Options of one call. */
export interface CallOptions {
  readonly query?: Readonly<Record<string, QueryValue>>
  readonly signal?: AbortSignal
}

/** The server's answer that something cannot be done, or that there was none (`problem.code` is then `network`, `status` 0). */
export class ApiFailure extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail)
    this.name = 'ApiFailure'
    this.problem = problem
  }

  get status(): number {
    return this.problem.status
  }
}

type SessionListener = () => void
const sessionListeners = new Set<SessionListener>()

/** Calls `listener` whenever the server says that nobody is signed in (any more). Gives what ends that. */
export function onSessionEnded(listener: SessionListener): () => void {
  sessionListeners.add(listener)
  return () => {
    sessionListeners.delete(listener)
  }
}

/** Calls of the server. Each gives the answer's body, or throws an `ApiFailure`. */
export const api = {
  get: <T>(path: string, options: CallOptions = {}): Promise<T> => call<T>('GET', path, options),
  post: <T>(path: string, body?: unknown, options: CallOptions = {}): Promise<T> => call<T>('POST', path, { ...options, body }),
  put: <T>(path: string, body?: unknown, options: CallOptions = {}): Promise<T> => call<T>('PUT', path, { ...options, body }),
  patch: <T>(path: string, body?: unknown, options: CallOptions = {}): Promise<T> => call<T>('PATCH', path, { ...options, body }),
  delete: <T>(path: string, body?: unknown, options: CallOptions = {}): Promise<T> => call<T>('DELETE', path, { ...options, body }),
  /** The answer itself, its body unread: for what is no JSON. */
  open: (path: string, options: CallOptions = {}): Promise<Response> => answer('GET', path, options),
}

/** A path with its query, for links and for calls. */
export function withQuery(path: string, query: CallOptions['query'] = {}): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one))
  }
  const text = parameters.toString()
  return text === '' ? path : `${path}?${text}`
}

async function call<T>(method: string, path: string, options: CallOptions & { readonly body?: unknown }): Promise<T> {
  return (await bodyOf(await answer(method, path, options))) as T
}

async function answer(method: string, path: string, options: CallOptions & { readonly body?: unknown }): Promise<Response> {
  const { body, query, signal } = options
  const response = await send(withQuery(path, query), {
    method,
    ...(signal === undefined ? {} : { signal }),
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  if (response.ok) return response
  const said = await bodyOf(response)
  const problem = isProblem(said) ? said : unknownProblem(response.status)
  if (problem.code === 'auth.required') for (const listener of sessionListeners) listener()
  throw new ApiFailure(problem)
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, credentials: 'same-origin' })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiFailure({ ...unknownProblem(0), code: 'network', detail: 'Cannot reach the server: there was no answer' })
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text()
  if (text === '') return undefined
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  if (!isJson) return text
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiFailure(unknownProblem(response.status))
  }
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value
}

function unknownProblem(status: number): Problem {
  return { type: 'about:blank', title: '', status, code: 'answer.unknown', detail: `The server answered ${status} without saying why` }
}
