import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { EngineError } from '../../errors.ts'
import { HttpClient, type HttpRequest } from '../http/http-client.ts'
import type { CallOptions } from '../storage.ts'
import type { S3Location } from './s3-location.ts'
import type { S3Options } from './s3-options.ts'

/** The SDK, loaded when a bucket is opened: it takes longer to load than the rest of the engine. */
export type S3Sdk = typeof import('@aws-sdk/client-s3')

/** What goes with each call of the SDK to {@link PacedHandler}. */
export interface TransferOptions {
  readonly abortSignal?: AbortSignal
  readonly pace?: CallOptions['pace']
}

/** A client for one endpoint. It never repeats a request: that is the business of `withRetry`. */
export function createS3Client(sdk: S3Sdk, location: S3Location, options: S3Options & { readonly connections: number }): S3Client {
  const amazon = amazonRegion(location.endpoint)
  const pathStyle = options.bucketLookup === 'path' || (options.bucketLookup !== 'dns' && amazon === undefined)
  const checksums = amazon === undefined ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED'
  const config: S3ClientConfig = {
    region: regionOf(location, options),
    forcePathStyle: pathStyle,
    requestHandler: new PacedHandler(new HttpClient(options.http ?? {}, options.connections)),
    maxAttempts: 1,
    // Would only cost a round trip: the body goes out without waiting.
    expectContinueHeader: false,
    // Servers other than Amazon's refuse or ignore the newer checksums.
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    followRegionRedirects: amazon !== undefined,
    ...(amazon === undefined ? { endpoint: location.endpoint } : {}),
    ...credentialsOf(options),
  }
  return new sdk.S3Client(config)
}

/** The region that requests are signed for and a new bucket is made in. */
export function regionOf(location: S3Location, options: S3Options): string {
  return options.region ?? (amazonRegion(location.endpoint) || 'us-east-1')
}

/** Region that an endpoint of AWS names, empty if it names none, undefined for another server. */
function amazonRegion(endpoint: string): string | undefined {
  const { hostname, protocol, port } = new URL(endpoint)
  if (protocol !== 'https:' || port !== '') return undefined
  const found = /^s3(?:[.-](?:dualstack\.)?([a-z0-9-]+))?\.amazonaws\.com$/.exec(hostname)
  return found === null ? undefined : (found[1] ?? '')
}

function credentialsOf(options: S3Options): Pick<S3ClientConfig, 'credentials' | 'signer'> {
  const { credentials } = options
  if (credentials === 'anonymous') {
    return { credentials: { accessKeyId: '', secretAccessKey: '' }, signer: { sign: async (request) => request } }
  }
  if (credentials === undefined) {
    throw new EngineError('storage.denied', 'Cannot open the bucket: no access key was given, and anonymous access was not asked for')
  }
  if (typeof credentials === 'function') return { credentials: async () => withoutUndefined(await credentials()) }
  return { credentials: withoutUndefined(credentials) }
}

function withoutUndefined(credentials: Exclude<S3Options['credentials'], undefined | 'anonymous' | (() => unknown)>): {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
  expiration?: Date
} {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = credentials
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(expiration === undefined ? {} : { expiration }),
  }
}

/** What the SDK hands to its request handler, as far as it matters here. */
interface SdkRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: HttpRequest['body']
}

interface SdkResponse {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly body: unknown
}

/** Sends the SDK's signed requests by our own client, which knows the pace of a call and gives up on silent servers. */
class PacedHandler {
  readonly metadata = { handlerProtocol: 'http/1.1' }
  readonly #client: HttpClient

  constructor(client: HttpClient) {
    this.#client = client
  }

  async handle(request: SdkRequest, options: object = {}): Promise<{ response: SdkResponse }> {
    // The SDK passes on what `send` was called with, which is always this.
    const { abortSignal, pace }: TransferOptions = options
    const query = encodeQuery(request.query ?? {})
    const answer = await this.#client.send(
      {
        protocol: request.protocol === 'http:' ? 'http:' : 'https:',
        host: request.hostname,
        port: request.port,
        method: request.method,
        path: query === '' ? request.path : `${request.path}?${query}`,
        headers: { ...request.headers },
        body: request.body,
      },
      { signal: abortSignal, pace },
    )
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(answer.headers)) headers[name] = Array.isArray(value) ? value.join(', ') : (value ?? '')
    return { response: { statusCode: answer.statusCode ?? 0, headers, body: answer } }
  }

  /** Part of the SDK's interface; there is nothing to change later. */
  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): Record<string, never> {
    return {}
  }

  destroy(): void {
    this.#client.close()
  }
}

/** As the signature has it: sorted, and with every character escaped that RFC 3986 reserves. */
function encodeQuery(query: Readonly<Record<string, string | readonly string[] | null>>): string {
  const parts: string[] = []
  for (const key of Object.keys(query).sort()) {
    const value = query[key] ?? null
    const values = value === null ? [null] : typeof value === 'string' ? [value] : value
    for (const one of values) parts.push(one === null ? escape3986(key) : `${escape3986(key)}=${escape3986(one)}`)
  }
  return parts.join('&')
}

function escape3986(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}
