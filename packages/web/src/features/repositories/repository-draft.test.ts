import { expect, test } from 'vitest'
import { credentialsOf, EMPTY_CREDENTIALS, EMPTY_DRAFT, faultsOf, fieldOf, type RepositoryDraft, requestOf } from './repository-draft.ts'

function draftOf(changes: Partial<RepositoryDraft>): RepositoryDraft {
  return { ...EMPTY_DRAFT, name: 'backups', ...changes }
}

test('a request holds what belongs to its kind, and nothing of the others', () => {
  const credentials = {
    ...EMPTY_CREDENTIALS,
    accessKeyId: ' key ',
    secretAccessKey: 'secret',
    username: 'left over',
    password: 'left over',
  }
  const draft = draftOf({ kind: 's3', bucket: 'store', credentials, password: 'sesame', isDefault: true })
  expect(requestOf(draft)).toMatchObject({
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    password: 'sesame',
    isDefault: true,
  })
  const ofClients = requestOf({ ...draft, mode: 'client' })
  expect(ofClients.isDefault).toBe(false)
  expect(ofClients).not.toHaveProperty('password')
  expect(requestOf(draftOf({ folder: '/srv' })).credentials).toEqual({})
})

test('an SSH key ends with a line break, and a password keeps its blanks', () => {
  const draft = { ...EMPTY_CREDENTIALS, privateKey: '-----BEGIN-----\nx\n-----END-----', password: ' blank ' }
  expect(credentialsOf('sftp', draft)).toEqual({ privateKey: '-----BEGIN-----\nx\n-----END-----\n', password: ' blank ' })
})

test('each field that is wrong is named', () => {
  expect(faultsOf(EMPTY_DRAFT)).toEqual({ name: 'missing', folder: 'missing' })
  expect(faultsOf(draftOf({ folder: 'relative' }))).toEqual({ folder: 'not-absolute' })
  expect(faultsOf(draftOf({ folder: '/srv', mode: 'adopt' }))).toEqual({ password: 'missing' })
  expect(faultsOf(draftOf({ kind: 's3', endpoint: 's3.example' }))).toEqual({ bucket: 'missing', endpoint: 'not-url' })
  expect(faultsOf(draftOf({ kind: 'sftp', port: '70000' }))).toEqual({
    host: 'missing',
    folder: 'missing',
    port: 'not-port',
    'credentials.knownHosts': 'missing',
  })
  expect(faultsOf(draftOf({ kind: 'rest', url: 'https://user:secret@host/' }))).toEqual({ url: 'has-secret' })
  expect(faultsOf(draftOf({ kind: 'rest', url: 'https://host/' }))).toEqual({})
})

test('what the server refuses is shown where it can be put right', () => {
  expect(fieldOf({ code: 'repository.password' }, { kind: 's3', mode: 'adopt' })).toBe('password')
  expect(fieldOf({ code: 'repository.exists' }, { kind: 's3', mode: 'create' })).toBe('bucket')
  expect(fieldOf({ code: 'storage.host-key' }, { kind: 'sftp', mode: 'create' })).toBe('credentials.knownHosts')
  expect(fieldOf({ code: 'storage.denied' }, { kind: 'local', mode: 'create' })).toBe('folder')
  expect(fieldOf({ code: 'request.invalid' }, { kind: 'rest', mode: 'create' })).toBe('url')
  expect(fieldOf({ code: 'request.invalid', fields: [] }, { kind: 'rest', mode: 'create' })).toBeUndefined()
  expect(fieldOf({ code: 'storage.unavailable' }, { kind: 's3', mode: 'create' })).toBeUndefined()
})
