import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { ListObjectsCommandOutput, ListObjectsV2CommandOutput, PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3'
import { EngineError, isEngineError } from '../../errors.ts'
import { readBody } from '../http/http-client.ts'
import {
  type ByteRange,
  type CallOptions,
  demandReadableSize,
  describeFile,
  type FileInfo,
  type FileKind,
  type FileRef,
  isFileName,
  LARGEST_FILE_BYTES,
  layoutPath,
  type Storage,
  type StorageLimits,
} from '../storage.ts'
import { createS3Client, regionOf, type S3Sdk, type TransferOptions } from './s3-client.ts'
import { s3Failure, serverAnswer } from './s3-failure.ts'
import type { S3Location } from './s3-location.ts'
import type { S3Options } from './s3-options.ts'

/** Classes from which a file cannot be read at once. */
const ARCHIVE_CLASSES: readonly string[] = ['GLACIER', 'DEEP_ARCHIVE']

/**
 * A repository in a bucket, in restic's default layout. Each file is one object, put by one request whose signature covers the SHA-256 of
 * the content, so the server refuses what was changed on the way; S3 shows an object only when it is whole.
 */
export class S3Storage implements Storage {
  readonly location: string
  readonly limits: StorageLimits
  readonly #sdk: S3Sdk
  readonly #client: S3Client
  readonly #place: S3Location
  readonly #options: S3Options
  #closed = false
  /** Buckets with object lock want an MD5 of everything; known after the first refusal. */
  #sendsMd5 = false

  private constructor(sdk: S3Sdk, place: S3Location, options: S3Options & { readonly connections: number }) {
    this.location = place.display
    this.limits = { connections: options.connections, atomicReplace: true }
    this.#sdk = sdk
    this.#place = place
    this.#options = options
    this.#client = createS3Client(sdk, place, options)
  }

  /** Loads the SDK; sends nothing. Rejects with `storage.denied` without credentials. Default: 5 connections, as restic's. */
  static async open(location: S3Location, options: S3Options & { readonly connections?: number | undefined } = {}): Promise<S3Storage> {
    const sdk = await import('@aws-sdk/client-s3')
    return new S3Storage(sdk, location, { ...options, connections: options.connections ?? 5 })
  }

  async prepare(options: CallOptions = {}): Promise<void> {
    const bucket = { Bucket: this.#place.bucket }
    await this.#run('find the bucket', options, async (transfer) => {
      try {
        await this.#client.send(new this.#sdk.HeadBucketCommand(bucket), transfer)
      } catch (error) {
        const status = serverAnswer(error)?.status
        // Whoever may only read and write files may not ask for the bucket.
        if (status === 403) return
        if (status !== 404 || this.#options.createBucket === false) throw error
        await this.#createBucket(transfer)
      }
    })
  }

  async write(file: FileRef, content: Uint8Array, options: CallOptions = {}): Promise<void> {
    const input = this.#putInput(file, content, options)
    await this.#run(`write ${describeFile(file)}`, options, async (transfer) => {
      try {
        await this.#client.send(new this.#sdk.PutObjectCommand(input), transfer)
      } catch (error) {
        if (this.#sendsMd5 || !/md5|checksum/i.test(`${serverAnswer(error)?.name} ${serverAnswer(error)?.message}`)) throw error
        this.#sendsMd5 = true
        await this.#client.send(new this.#sdk.PutObjectCommand(this.#putInput(file, content, options)), transfer)
      }
    })
  }

  async read(file: FileRef, range: ByteRange | 'all', options: CallOptions = {}): Promise<Uint8Array> {
    const input = { Bucket: this.#place.bucket, Key: this.#key(file) }
    // S3 has no empty ranges.
    if (range !== 'all' && range.length === 0) return this.#readNothing(file, range.offset, options)
    const wanted = range === 'all' ? input : { ...input, Range: `bytes=${range.offset}-${range.offset + range.length - 1}` }
    return this.#run(`read ${describeFile(file)}`, options, async (transfer) => {
      const output = await this.#client.send(new this.#sdk.GetObjectCommand(wanted), transfer)
      const sizeBytes = output.ContentLength ?? 0
      if (!(output.Body instanceof Readable)) throw new EngineError('storage.failed', 'Cannot read the answer: it has no body')
      if (range === 'all') demandReadableSize(file, sizeBytes)
      else if (sizeBytes !== range.length) {
        output.Body.destroy()
        throw this.#tooShort(file, { range, ranged: output.ContentRange !== undefined })
      }
      const body = await readBody(output.Body, { maxBytes: range === 'all' ? LARGEST_FILE_BYTES : range.length, call: options })
      if (body.length === sizeBytes) return body
      throw new EngineError('storage.failed', `Cannot read ${describeFile(file)}: the answer has ${body.length} of ${sizeBytes} bytes`)
    })
  }

  async stat(file: FileRef, options: CallOptions = {}): Promise<FileInfo> {
    const input = { Bucket: this.#place.bucket, Key: this.#key(file) }
    const output = await this.#run(`find ${describeFile(file)}`, options, (transfer) =>
      this.#client.send(new this.#sdk.HeadObjectCommand(input), transfer),
    )
    return { name: file.name, sizeBytes: output.ContentLength ?? 0 }
  }

  async *list(kind: FileKind, options: CallOptions = {}): AsyncIterable<FileInfo> {
    if (kind === 'config') {
      const info = await this.stat({ kind, name: '' }, options).catch(undefinedIfMissing)
      if (info !== undefined) yield info
      return
    }
    const prefix = this.#join(`${kind}/`)
    let position: string | undefined
    do {
      const page = await this.#listPage({ prefix, position }, options)
      for (const { Key = '', Size = 0 } of page.Contents ?? []) {
        const name = Key.slice(Key.lastIndexOf('/') + 1)
        if (isFileName(kind, name) && Key === this.#key({ kind, name })) yield { name, sizeBytes: Size }
      }
      const next = nextPosition(page)
      if (next !== undefined && next === position) throw new EngineError('storage.failed', `Cannot list ${kind}: the pages do not end`)
      position = next
    } while (position !== undefined)
  }

  async remove(file: FileRef, options: CallOptions = {}): Promise<void> {
    const input = { Bucket: this.#place.bucket, Key: this.#key(file) }
    try {
      await this.#run(`remove ${describeFile(file)}`, options, (transfer) =>
        this.#client.send(new this.#sdk.DeleteObjectCommand(input), transfer),
      )
    } catch (error) {
      undefinedIfMissing(error)
    }
  }

  /** Nothing: a prefix is not a thing, and the bucket may be used by others. */
  async dismantle(options: CallOptions = {}): Promise<void> {
    this.#begin(options)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#client.destroy()
  }

  async #createBucket(transfer: TransferOptions): Promise<void> {
    const region = regionOf(this.#place, this.#options)
    const constraint = region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as 'eu-west-1' } }
    try {
      await this.#client.send(new this.#sdk.CreateBucketCommand({ Bucket: this.#place.bucket, ...constraint }), transfer)
    } catch (error) {
      if (serverAnswer(error)?.name !== 'BucketAlreadyOwnedByYou') throw error
    }
  }

  #putInput(file: FileRef, content: Uint8Array, options: CallOptions): PutObjectCommandInput {
    // As a Buffer, which is a view and not a copy, because the SDK takes no other view over shared memory.
    const body = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    const { storageClass } = this.#options
    const archived = storageClass !== undefined && ARCHIVE_CLASSES.includes(storageClass)
    const classified = storageClass !== undefined && (!archived || (file.kind === 'data' && options.keep !== true))
    return {
      Bucket: this.#place.bucket,
      Key: this.#key(file),
      Body: body,
      ContentLength: body.length,
      ContentType: 'application/octet-stream',
      ...(classified ? { StorageClass: storageClass as 'STANDARD' } : {}),
      ...(this.#sendsMd5 ? { ContentMD5: createHash('md5').update(body).digest('base64') } : {}),
    }
  }

  async #readNothing(file: FileRef, offset: number, options: CallOptions): Promise<Uint8Array> {
    const { sizeBytes } = await this.stat(file, options)
    if (offset > sizeBytes) throw this.#tooShort(file, { range: { offset, length: 0 }, ranged: true })
    return new Uint8Array(0)
  }

  #listPage(
    where: { readonly prefix: string; readonly position: string | undefined },
    options: CallOptions,
  ): Promise<ListObjectsCommandOutput | ListObjectsV2CommandOutput> {
    const input = { Bucket: this.#place.bucket, Prefix: where.prefix }
    return this.#run(`list ${where.prefix}`, options, (transfer): Promise<ListObjectsCommandOutput | ListObjectsV2CommandOutput> => {
      if (this.#options.listObjectsV1 === true) {
        const marker = where.position === undefined ? {} : { Marker: where.position }
        return this.#client.send(new this.#sdk.ListObjectsCommand({ ...input, ...marker }), transfer)
      }
      const token = where.position === undefined ? {} : { ContinuationToken: where.position }
      return this.#client.send(new this.#sdk.ListObjectsV2Command({ ...input, ...token }), transfer)
    })
  }

  async #run<Result>(action: string, options: CallOptions, task: (transfer: TransferOptions) => Promise<Result>): Promise<Result> {
    this.#begin(options)
    try {
      return await task({ ...(options.signal === undefined ? {} : { abortSignal: options.signal }), pace: options.pace })
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason
      throw s3Failure(error, `${action} in ${this.location}`)
    }
  }

  #begin(options: CallOptions): void {
    if (this.#closed) throw new EngineError('storage.closed', `Cannot use ${this.location}: it was closed`)
    options.signal?.throwIfAborted()
  }

  #key(file: FileRef): string {
    return this.#join(layoutPath(file))
  }

  #join(path: string): string {
    return this.#place.prefix === '' ? path : `${this.#place.prefix}/${path}`
  }

  #tooShort(file: FileRef, found: { readonly range: ByteRange; readonly ranged: boolean }): EngineError {
    if (!found.ranged) return new EngineError('storage.contract', `Cannot read ${describeFile(file)}: the server ignores ranges`)
    const end = found.range.offset + found.range.length
    return new EngineError('storage.range', `Cannot read ${describeFile(file)} in ${this.location}: the file ends before byte ${end}`)
  }
}

/** Where the next page begins; undefined after the last. The older call leaves it to the caller to take the last key. */
function nextPosition(page: ListObjectsCommandOutput | ListObjectsV2CommandOutput): string | undefined {
  if (page.IsTruncated !== true) return undefined
  if ('NextContinuationToken' in page && page.NextContinuationToken !== undefined) return page.NextContinuationToken
  if ('NextMarker' in page && page.NextMarker !== undefined) return page.NextMarker
  return page.Contents?.at(-1)?.Key
}

function undefinedIfMissing(error: unknown): undefined {
  if (isEngineError(error, 'storage.not-found')) return undefined
  throw error
}
