import type { HttpOptions } from '../http/http-client.ts'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  /** When they end and a provider is asked for new ones. */
  readonly expiration?: Date | undefined
}

export interface S3Options {
  /** Keys, something that gives them when they are needed, or `anonymous` for a public bucket. */
  readonly credentials?: S3Credentials | (() => Promise<S3Credentials>) | 'anonymous' | undefined
  /** Default: what the name of an AWS endpoint says, else `us-east-1`. */
  readonly region?: string | undefined
  /** Whether the bucket is a part of the host name or of the path. Default `dns` at AWS, else `path`. */
  readonly bucketLookup?: 'dns' | 'path' | 'auto' | undefined
  /** Class for new files. The archive classes are used for packs of file contents only, as by restic. */
  readonly storageClass?: string | undefined
  /** Use the older listing call, for servers that lack the newer. */
  readonly listObjectsV1?: boolean | undefined
  /** Whether `prepare` makes a bucket that is missing. Default true. */
  readonly createBucket?: boolean | undefined
  readonly http?: HttpOptions | undefined
}
