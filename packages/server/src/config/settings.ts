import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { messageOf } from '@holdfast/engine'
import type { SettingPlace } from '@holdfast/protocol'
import { parse } from 'yaml'
import { ServerError } from '../errors.ts'

/** One setting of the server: where it is read from, in this order, and what it is when it is set nowhere. */
export interface SettingRow {
  /** Variables of the environment and of `.env`; the first that is set counts. Names after the first are those of other programs. */
  readonly variables: readonly string[]
  readonly kind: 'text' | 'number' | 'boolean' | 'list' | 'secret'
  /** As text, empty where there is none. */
  readonly fallback: string
  readonly meaning: string
}

/** Every setting, by its name in the YAML file. `docs/reference/settings.md` is held against this table by a test. */
export const SETTINGS = {
  host: { variables: ['HOLDFAST_HOST'], kind: 'text', fallback: '127.0.0.1', meaning: 'Address to listen on; `0.0.0.0` for all.' },
  port: { variables: ['HOLDFAST_PORT'], kind: 'number', fallback: '8000', meaning: 'Port to listen on; 0 takes a free one.' },
  data: {
    variables: ['HOLDFAST_DATA'],
    kind: 'text',
    fallback: './data',
    meaning: 'Folder of the embedded database, the keys and the default repository.',
  },
  databaseUrl: {
    variables: ['HOLDFAST_DATABASE_URL', 'DATABASE_URL'],
    kind: 'secret',
    fallback: '',
    meaning: '`postgres://…`, or `sqlite:<path>`; a SQLite file in the data folder when it is not set.',
  },
  adminUsername: {
    variables: ['HOLDFAST_ADMIN_USERNAME', 'ADMIN_USERNAME'],
    kind: 'text',
    fallback: 'admin',
    meaning: 'Name of the first administrator.',
  },
  adminPassword: {
    variables: ['HOLDFAST_ADMIN_PASSWORD', 'ADMIN_PASSWORD'],
    kind: 'secret',
    fallback: '',
    meaning: 'Password of the first administrator; a generated one is printed once when it is not set.',
  },
  masterKey: {
    variables: ['HOLDFAST_MASTER_KEY'],
    kind: 'secret',
    fallback: '',
    meaning: 'What seals stored secrets, at least 32 bytes in base64; a file in the data folder is made when it is not set.',
  },
  publicUrl: {
    variables: ['HOLDFAST_PUBLIC_URL'],
    kind: 'text',
    fallback: '',
    meaning: 'Where browsers and agents reach the server, for links.',
  },
  internalUrl: {
    variables: ['HOLDFAST_INTERNAL_URL'],
    kind: 'text',
    fallback: '',
    meaning: 'Where the other servers on the same database reach this one; the address that it listens on when it is not set.',
  },
  tlsCertificate: {
    variables: ['HOLDFAST_TLS_CERTIFICATE'],
    kind: 'text',
    fallback: '',
    meaning: 'File with the certificate chain; the server then speaks HTTPS.',
  },
  tlsKey: { variables: ['HOLDFAST_TLS_KEY'], kind: 'text', fallback: '', meaning: 'File with the key of that certificate.' },
  agentTokenDays: {
    variables: ['HOLDFAST_AGENT_TOKEN_DAYS'],
    kind: 'number',
    fallback: '30',
    meaning: 'After how many days agents replace their tokens by themselves; 0 for never.',
  },
  trustedProxies: {
    variables: ['HOLDFAST_TRUSTED_PROXIES'],
    kind: 'list',
    fallback: '',
    meaning: 'Addresses or networks of proxies whose `X-Forwarded-*` headers are believed, separated by commas.',
  },
  webFolder: {
    variables: ['HOLDFAST_WEB_FOLDER'],
    kind: 'text',
    fallback: '',
    meaning: 'Folder with the built pages; those that `npm ci` built when it is not set.',
  },
  logLevel: { variables: ['HOLDFAST_LOG_LEVEL'], kind: 'text', fallback: 'info', meaning: '`debug`, `info`, `warn`, `error` or `silent`.' },
  oidcIssuer: {
    variables: ['HOLDFAST_OIDC_ISSUER'],
    kind: 'text',
    fallback: '',
    meaning: 'URL of an OpenID Connect provider that people may sign in with; `https:`, or `http:` on this machine.',
  },
  oidcClientId: {
    variables: ['HOLDFAST_OIDC_CLIENT_ID'],
    kind: 'text',
    fallback: '',
    meaning: 'By what name that provider knows the server.',
  },
  oidcClientSecret: {
    variables: ['HOLDFAST_OIDC_CLIENT_SECRET'],
    kind: 'secret',
    fallback: '',
    meaning: 'Secret that goes with that name.',
  },
  oidcName: {
    variables: ['HOLDFAST_OIDC_NAME'],
    kind: 'text',
    fallback: 'single sign-on',
    meaning: 'What the provider is called on the page where people sign in.',
  },
  oidcUsernameClaim: {
    variables: ['HOLDFAST_OIDC_USERNAME_CLAIM'],
    kind: 'text',
    fallback: 'preferred_username',
    meaning: 'Claim of the provider that holds the name of a user.',
  },
  oidcNewUserRole: {
    variables: ['HOLDFAST_OIDC_NEW_USER_ROLE'],
    kind: 'text',
    fallback: '',
    meaning: '`viewer`, `operator` or `admin`: made a user when the provider knows somebody who is none; refused when it is not set.',
  },
  s3Bucket: {
    variables: ['HOLDFAST_S3_BUCKET', 'S3_BUCKET'],
    kind: 'text',
    fallback: '',
    meaning: 'Bucket of the default repository; a local folder when it is not set.',
  },
  s3Endpoint: {
    variables: ['HOLDFAST_S3_ENDPOINT', 'S3_ENDPOINT'],
    kind: 'text',
    fallback: '',
    meaning: 'URL of an S3-compatible server; AWS when it is not set.',
  },
  s3AccessKeyId: { variables: ['AWS_ACCESS_KEY_ID'], kind: 'text', fallback: '', meaning: 'Key for the bucket.' },
  s3SecretAccessKey: { variables: ['AWS_SECRET_ACCESS_KEY'], kind: 'secret', fallback: '', meaning: 'Secret of that key.' },
  s3Region: { variables: ['AWS_REGION', 'AWS_DEFAULT_REGION'], kind: 'text', fallback: '', meaning: 'Region of the bucket.' },
} as const satisfies Readonly<Record<string, SettingRow>>

type ValueOf<Row extends SettingRow> = Row['kind'] extends 'number'
  ? number
  : Row['kind'] extends 'boolean'
    ? boolean
    : Row['kind'] extends 'list'
      ? readonly string[]
      : string

/** The settings as the server takes them; empty texts are not set. */
export type Settings = { readonly [Name in keyof typeof SETTINGS]: ValueOf<(typeof SETTINGS)[Name]> } & {
  /** Where each was found, for people who wonder; absent when a program made the settings. */
  readonly origins?: Readonly<Record<keyof typeof SETTINGS, SettingOrigin>>
}

export interface SettingOrigin {
  readonly place: SettingPlace
  /** The variable that had it, if one had. */
  readonly variable: string | undefined
}

export interface SettingSources {
  /** The environment of the process. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where `.env` and relative paths are. */
  readonly folder: string
  /** The YAML file; `holdfast.yaml` in the folder, if there is one, when it is not given. */
  readonly file?: string | undefined
  /** What the command that starts the server wants where nobody has said anything. */
  readonly wishes?: Readonly<Partial<Record<keyof typeof SETTINGS, string>>>
}

/**
 * Reads the settings: the environment first, then `.env`, then the YAML file, then what the command wishes, then what is built in.
 * @throws {ServerError} `settings.invalid` for values that do not fit and for names in the YAML file that no setting has.
 */
export function loadSettings(sources: SettingSources): Settings {
  const yaml = readYaml(sources)
  const dotenv = readDotenv(join(sources.folder, '.env'))
  const found = Object.entries(SETTINGS as Readonly<Record<string, SettingRow>>).map(([name, row]) => {
    const variable = row.variables.find((one) => (sources.environment[one] || dotenv[one] || '') !== '')
    if (variable !== undefined) {
      const text = sources.environment[variable]
      const place = text ? ('environment' as const) : ('env-file' as const)
      return { name, value: parseValue(text || dotenv[variable] || '', { row, where: variable }), origin: { place, variable } }
    }
    const wish = (sources.wishes as Readonly<Record<string, string | undefined>> | undefined)?.[name]
    const place = yaml.has(name) ? ('yaml-file' as const) : wish === undefined ? ('built-in' as const) : ('command' as const)
    return { name, value: parseValue(yaml.get(name) ?? wish ?? row.fallback, { row, where: name }), origin: { place, variable } }
  })
  const settings = Object.fromEntries(found.map(({ name, value }) => [name, value])) as unknown as Omit<Settings, 'origins'>
  const origins = Object.fromEntries(found.map(({ name, origin }) => [name, origin])) as NonNullable<Settings['origins']>
  return { ...settings, data: resolve(sources.folder, settings.data), origins }
}

function parseValue(
  text: string,
  { row, where }: { readonly row: SettingRow; readonly where: string },
): Settings[keyof typeof SETTINGS] | boolean {
  switch (row.kind) {
    case 'number': {
      if (/^\d{1,9}$/.test(text)) return Number(text)
      throw new ServerError('settings.invalid', `Cannot use ${where}: ${JSON.stringify(text)} is not a whole number`)
    }
    case 'boolean': {
      if (/^(true|1|yes|on)$/i.test(text)) return true
      if (/^(false|0|no|off|)$/i.test(text)) return false
      throw new ServerError('settings.invalid', `Cannot use ${where}: ${JSON.stringify(text)} is neither true nor false`)
    }
    case 'list':
      return text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
    case 'text':
    case 'secret':
      return text
  }
}

function readDotenv(path: string): Readonly<Record<string, string | undefined>> {
  return existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {}
}

function readYaml({ file, folder }: SettingSources): ReadonlyMap<string, string> {
  const path = file ?? join(folder, 'holdfast.yaml')
  if (file === undefined && !existsSync(path)) return new Map()
  let values: unknown
  try {
    values = parse(readFileSync(path, 'utf8')) ?? {}
  } catch (cause) {
    throw new ServerError('settings.invalid', `Cannot read ${path}: ${messageOf(cause)}`, { cause })
  }
  if (typeof values !== 'object' || Array.isArray(values))
    throw new ServerError('settings.invalid', `Cannot use ${path}: it is not a list of settings`)
  const unknown = Object.keys(values as object).find((name) => !Object.hasOwn(SETTINGS, name))
  if (unknown !== undefined) throw new ServerError('settings.invalid', `Cannot use ${path}: there is no setting ${unknown}`)
  return new Map(Object.entries(values as object).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : String(value)]))
}
