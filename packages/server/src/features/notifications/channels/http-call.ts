import { messageOf } from '@holdfast/engine'

/** How long a server may take to answer. */
const TIMEOUT_MS = 15_000

export interface HttpCall {
  readonly method: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}

/** Calls a URL and rejects unless the answer says that all went well. Redirects are not followed and the answer's body is not read. */
export async function callUrl(url: string, { signal, ...request }: HttpCall): Promise<void> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
  let response: Response
  try {
    response = await fetch(url, { ...request, redirect: 'manual', signal: limited })
  } catch (cause) {
    throw new Error(`Cannot reach ${new URL(url).host}: ${reasonOf(cause)}`, { cause })
  }
  await response.body?.cancel()
  if (!response.ok) throw new Error(`Cannot deliver to ${new URL(url).host}: it answered ${response.status}`)
}

/** What `fetch` says is always the same; what it failed of is in the cause. */
function reasonOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error)
}
