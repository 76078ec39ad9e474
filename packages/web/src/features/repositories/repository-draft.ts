import type { NewRepository, Problem, StorageCredentials } from '@holdfast/protocol'

/** Whether a repository is made, taken over, or left to clients that alone know its password. */
export type RepositoryMode = NewRepository['mode']
/** Where a repository lies. */
export type RepositoryKind = 'local' | 's3' | 'sftp' | 'rest'

/** What is typed into the form of a new repository. Fields of other kinds are kept, in case one changes one's mind. */
export interface RepositoryDraft {
  readonly name: string
  readonly mode: RepositoryMode
  readonly kind: RepositoryKind
  readonly isDefault: boolean
  /** Of the repository itself; empty to have one made. */
  readonly password: string
  readonly folder: string
  readonly endpoint: string
  readonly bucket: string
  readonly prefix: string
  readonly host: string
  readonly port: string
  readonly url: string
  readonly credentials: CredentialsDraft
}

/** What is typed of credentials; empty is none. */
export type CredentialsDraft = Readonly<Record<keyof StorageCredentials, string>>

export const EMPTY_CREDENTIALS: CredentialsDraft = {
  accessKeyId: '',
  secretAccessKey: '',
  sessionToken: '',
  region: '',
  username: '',
  password: '',
  privateKey: '',
  knownHosts: '',
}

export const EMPTY_DRAFT: RepositoryDraft = {
  name: '',
  mode: 'create',
  kind: 'local',
  isDefault: false,
  password: '',
  folder: '',
  endpoint: 'https://s3.amazonaws.com',
  bucket: '',
  prefix: '',
  host: '',
  port: '',
  url: '',
  credentials: EMPTY_CREDENTIALS,
}

/** The credentials that a kind of storage takes. */
const CREDENTIALS_OF: Readonly<Record<RepositoryKind, readonly (keyof StorageCredentials)[]>> = {
  local: [],
  s3: ['accessKeyId', 'secretAccessKey', 'sessionToken', 'region'],
  sftp: ['username', 'password', 'privateKey', 'knownHosts'],
  rest: ['username', 'password'],
}

/** A field of the form. */
export type DraftField = Exclude<keyof RepositoryDraft, 'credentials'> | `credentials.${keyof StorageCredentials}`
/** What is wrong with a field. */
export type DraftFault = 'missing' | 'not-absolute' | 'not-url' | 'has-secret' | 'not-port'
export type DraftFaults = Readonly<Partial<Record<DraftField, DraftFault>>>

/** What has to be put right before the server is asked. */
export function faultsOf(draft: RepositoryDraft): DraftFaults {
  const missing = (field: keyof RepositoryDraft): DraftFaults => (String(draft[field]).trim() === '' ? { [field]: 'missing' } : {})
  return {
    ...missing('name'),
    ...(draft.mode === 'adopt' ? missing('password') : {}),
    ...placeFaults(draft, missing),
  }
}

/** The location as restic writes it. */
export function locationOf({ kind, folder, endpoint, bucket, prefix, host, port, url, credentials }: RepositoryDraft): string {
  switch (kind) {
    case 'local':
      return folder.trim()
    case 's3': {
      const path = [bucket, prefix].map((part) => part.trim().replace(/^\/+|\/+$/g, '')).filter((part) => part !== '')
      return `s3:${endpoint.trim().replace(/\/+$/, '')}/${path.join('/')}`
    }
    case 'sftp': {
      const user = credentials.username.trim()
      const bare = host.trim()
      const place = `${user === '' ? '' : `${user}@`}${bare.includes(':') && !bare.startsWith('[') ? `[${bare}]` : bare}`
      return port.trim() === '' && !place.includes('[')
        ? `sftp:${place}:${folder.trim()}`
        : `sftp://${place}${portOf(port)}/${folder.trim()}`
    }
    case 'rest':
      return `rest:${url.trim().replace(/\/*$/, '/')}`
    default:
      return kind satisfies never
  }
}

/** What the server is asked for. */
export function requestOf(draft: RepositoryDraft): NewRepository {
  const { name, mode, password, isDefault } = draft
  return {
    name: name.trim(),
    location: locationOf(draft),
    credentials: credentialsOf(draft.kind, draft.credentials),
    mode,
    isDefault: isDefault && mode !== 'client',
    ...(password === '' || mode === 'client' ? {} : { password }),
  }
}

/** The credentials of a kind of storage without what was left empty. Keys of SSH end with a line break, as they must. */
export function credentialsOf(kind: RepositoryKind, draft: CredentialsDraft): StorageCredentials {
  const filled = CREDENTIALS_OF[kind].flatMap((field): (readonly [string, string])[] => {
    const value = draft[field]
    if (value.trim() === '') return []
    return [[field, field === 'privateKey' ? `${value.trim()}\n` : field === 'password' ? value : value.trim()]]
  })
  return Object.fromEntries(filled)
}

/** The field that the server's refusal is about; undefined when it is about none or about all. */
export function fieldOf(
  { code, fields }: Pick<Problem, 'code' | 'fields'>,
  { kind, mode }: Pick<RepositoryDraft, 'kind' | 'mode'>,
): DraftField | undefined {
  const place = ({ local: 'folder', s3: 'bucket', sftp: 'folder', rest: 'url' } as const)[kind]
  switch (code) {
    case 'request.conflict':
      return 'name'
    case 'repository.password':
      return mode === 'adopt' ? 'password' : place
    case 'repository.exists':
    case 'repository.missing':
    case 'storage.location':
      return place
    // Of single fields the server says which.
    case 'request.invalid':
      return fields === undefined ? place : undefined
    case 'storage.host-key':
      return kind === 'sftp' ? 'credentials.knownHosts' : undefined
    case 'storage.denied':
      return kind === 's3' ? 'credentials.secretAccessKey' : kind === 'local' ? 'folder' : 'credentials.password'
    default:
      return undefined
  }
}

function placeFaults(draft: RepositoryDraft, missing: (field: keyof RepositoryDraft) => DraftFaults): DraftFaults {
  const { kind, folder, endpoint, port, url } = draft
  switch (kind) {
    case 'local':
      return folder.trim() !== '' && !folder.trim().startsWith('/') ? { folder: 'not-absolute' } : missing('folder')
    case 's3':
      return { ...missing('bucket'), ...urlFault('endpoint', endpoint) }
    case 'sftp': {
      const hosts: DraftFaults = draft.credentials.knownHosts.trim() === '' ? { 'credentials.knownHosts': 'missing' } : {}
      const isPort = port.trim() === '' || (/^\d{1,5}$/.test(port.trim()) && Number(port) > 0 && Number(port) < 65_536)
      return { ...missing('host'), ...missing('folder'), ...hosts, ...(isPort ? {} : { port: 'not-port' }) }
    }
    case 'rest':
      return urlFault('url', url)
    default:
      return kind satisfies never
  }
}

function urlFault(field: 'endpoint' | 'url', text: string): DraftFaults {
  if (text.trim() === '') return { [field]: 'missing' }
  if (!URL.canParse(text.trim()) || !/^https?:\/\//.test(text.trim())) return { [field]: 'not-url' }
  const { username, password } = new URL(text.trim())
  return username === '' && password === '' ? {} : { [field]: 'has-secret' }
}

function portOf(port: string): string {
  return port.trim() === '' ? '' : `:${port.trim()}`
}
