import { join } from 'node:path'
import { describeRetry, type OpenStorageOptions, type ParsedLocation } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import type { CommandContext } from '../command-line/command.ts'
import type { Environment } from '../environment.ts'
import type { Printer } from '../output/printer.ts'
import { profileCredentials } from './aws-profile.ts'
import { readNamedFile } from './text-file.ts'

const KIB = 1024
const BUCKET_LOOKUPS = ['auto', 'dns', 'path'] as const

type Surroundings = Pick<CommandContext, 'globals' | 'environment'>
type Named = ReadonlyMap<string, string>

/**
 * What flags, extended options and environment say about a storage of the location's kind.
 * @throws {CommandFailure} for values that make no sense and files that cannot be read.
 */
export async function storageOptions(
  { scheme }: ParsedLocation,
  parts: { readonly context: Surroundings; readonly printer: Printer; readonly options: Named },
): Promise<OpenStorageOptions> {
  const { context, printer, options } = parts
  const { limitUpload, limitDownload } = context.globals
  return {
    connections: connectionsOf(options.get(`${scheme}.connections`)),
    retry: { onRetry: (event) => printer.warn(describeRetry(event)) },
    ...(limitUpload || limitDownload
      ? { bandwidth: { uploadBytesPerSecond: bytesOf(limitUpload), downloadBytesPerSecond: bytesOf(limitDownload) } }
      : {}),
    ...(scheme === 's3' || scheme === 'rest' ? { http: await httpOptions(context) } : {}),
    ...(scheme === 's3' ? { s3: await s3Options(context, options) } : {}),
    ...(scheme === 'rest'
      ? { rest: { username: context.environment.get('restUsername'), password: context.environment.get('restPassword') } }
      : {}),
    ...(scheme === 'sftp' ? { sftp: sftpOptions(context) } : {}),
  }
}

function bytesOf(kib: number | undefined): number | undefined {
  return kib ? kib * KIB : undefined
}

function connectionsOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new CommandFailure('usage', `invalid number of connections ${JSON.stringify(value)}`)
  return Number(value)
}

async function httpOptions({ globals, environment }: Surroundings): Promise<OpenStorageOptions['http']> {
  const certificateFiles = globals.cacert.length > 0 ? globals.cacert : [environment.get('cacert') ?? '']
  const files = certificateFiles.flatMap((list) => list.split(',')).filter((file) => file !== '')
  const clientCertificate = globals.tlsClientCert ?? environment.get('tlsClientCert')
  return {
    caCertificates: files.length === 0 ? undefined : (await Promise.all(files.map(readNamedFile))).join('\n'),
    clientCertificate: clientCertificate === undefined ? undefined : (await readNamedFile(clientCertificate)).toString('latin1'),
    insecureTls: globals.insecureTls,
    userAgent: globals.httpUserAgent ?? environment.get('httpUserAgent'),
    stallTimeoutMs: globals.stuckRequestTimeout,
    proxyEnvironment: proxies(environment),
  }
}

function proxies(environment: Environment): Readonly<Record<string, string>> {
  const values = {
    HTTP_PROXY: environment.get('httpProxy'),
    HTTPS_PROXY: environment.get('httpsProxy'),
    NO_PROXY: environment.get('noProxy'),
  }
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

async function s3Options({ environment }: Surroundings, options: Named): Promise<OpenStorageOptions['s3']> {
  const bucketLookup = options.get('s3.bucket-lookup')
  const lookup = BUCKET_LOOKUPS.find((known) => known === bucketLookup)
  if (bucketLookup !== undefined && lookup === undefined) {
    throw new CommandFailure(
      'usage',
      `invalid value ${JSON.stringify(bucketLookup)} for s3.bucket-lookup: must be one of ${BUCKET_LOOKUPS.join('|')}`,
    )
  }
  return {
    credentials: isTrue(options, 's3.unsafe-anonymous-auth') ? 'anonymous' : await credentials(environment),
    region: options.get('s3.region') ?? environment.get('awsDefaultRegion'),
    bucketLookup: lookup,
    storageClass: options.get('s3.storage-class'),
    listObjectsV1: isTrue(options, 's3.list-objects-v1'),
  }
}

async function credentials(environment: Environment): Promise<NonNullable<OpenStorageOptions['s3']>['credentials']> {
  const accessKeyId = environment.get('awsAccessKeyId')
  const secretAccessKey = environment.get('awsSecretAccessKey')
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { accessKeyId, secretAccessKey, sessionToken: environment.get('awsSessionToken') }
  }
  if (accessKeyId !== undefined || secretAccessKey !== undefined) {
    throw new CommandFailure('usage', 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set together')
  }
  return profileCredentials(environment)
}

function sftpOptions({ environment, globals }: Surroundings): OpenStorageOptions['sftp'] {
  const home = environment.get('home')
  return {
    sshFolder: home === undefined ? undefined : join(home, '.ssh'),
    username: environment.get('user'),
    agentSocket: environment.get('sshAuthSock'),
    stallTimeoutMs: globals.stuckRequestTimeout,
  }
}

function isTrue(options: Named, name: string): boolean {
  const value = options.get(name)
  if (value === undefined || value === 'false' || value === '0') return false
  if (value === 'true' || value === '1' || value === '') return true
  throw new CommandFailure('usage', `invalid value ${JSON.stringify(value)} for ${name}: neither true nor false`)
}
