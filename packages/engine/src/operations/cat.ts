import { hash } from 'node:crypto'
import { EngineError } from '../errors.ts'
import { encodeConfig } from '../format/config.ts'
import type { BlobId, Id, IndexId, LockId, SnapshotId } from '../format/ids.ts'
import { encodeMasterKey } from '../format/key-file.ts'
import { parseJson } from '../format/stored-json.ts'
import type { IndexedRepository } from '../repository/indexed-repository.ts'
import type { OpenRepository } from '../repository/open-repository.ts'
import type { CallOptions, FileKind } from '../storage/storage.ts'

/** A file of a repository, as restic's `cat` names them. */
export type CatFile =
  | { readonly kind: 'config' }
  | { readonly kind: 'masterkey' }
  /** `id` may be the beginning of one that fits only one file. */
  | { readonly kind: 'index' | 'snapshot' | 'key' | 'lock' | 'pack'; readonly id: string }

export interface CatContent {
  /** JSON, indented by two, but for packs, which come as they are, and indexes, which come as they were written. */
  readonly content: Buffer
  /** The content of a pack is not what its name says. */
  readonly isDamaged: boolean
}

/**
 * The content of a file, decrypted where it is not a pack. The master key is shown in the clear.
 *
 * @throws EngineError `input.invalid`, `storage.not-found`, `snapshot.ambiguous`, `data.*`, `storage.*`
 */
export async function catFile(repository: OpenRepository, file: CatFile, options: CallOptions = {}): Promise<CatContent> {
  switch (file.kind) {
    case 'config':
      return indented(encodeConfig(repository.config))
    case 'masterkey':
      return indented(masterKeyJson(repository))
    case 'pack':
      return catPack(repository, file.id, options)
    case 'key': {
      const name = await resolveFileId(repository, { kind: 'keys', start: file.id }, options)
      return indented(await repository.storage.read({ kind: 'keys', name }, 'all', options))
    }
    case 'index': {
      const id = await resolveFileId(repository, { kind: 'index', start: file.id }, options)
      return { content: await repository.loadUnpacked('index', id as IndexId, options), isDamaged: false }
    }
    case 'snapshot': {
      const id = await resolveFileId(repository, { kind: 'snapshots', start: file.id }, options)
      return indented(await repository.loadUnpacked('snapshots', id as SnapshotId, options))
    }
    case 'lock': {
      const id = await resolveFileId(repository, { kind: 'locks', start: file.id }, options)
      return indented(await repository.loadUnpacked('locks', id as LockId, options))
    }
  }
}

/**
 * The plaintext of a blob, of data if there is one of that id, else of a tree.
 *
 * @throws EngineError `input.invalid` where `id` is not a whole id, `data.missing`, `data.damaged`, `storage.*`
 */
export async function catBlob(indexed: IndexedRepository, id: BlobId, options: CallOptions = {}): Promise<Buffer> {
  return indexed.readBlob(indexed.index.has('data', id) ? 'data' : 'tree', id, options)
}

/**
 * The only id of a kind of file that begins with `start`.
 *
 * @throws EngineError `input.invalid`, `storage.not-found`, `snapshot.ambiguous`
 */
export async function resolveFileId(
  repository: OpenRepository,
  file: { readonly kind: FileKind; readonly start: string },
  options: CallOptions = {},
): Promise<Id> {
  const { kind, start } = file
  if (!/^[0-9a-f]{1,64}$/.test(start)) {
    throw new EngineError(
      'input.invalid',
      `Cannot find a file of ${kind}: ${JSON.stringify(start.slice(0, 80))} is not the beginning of an id`,
    )
  }
  if (start.length === 64) return start as Id
  const found: string[] = []
  for await (const { name } of repository.list(kind, options)) if (name.startsWith(start)) found.push(name)
  const [id] = found
  if (id === undefined) throw new EngineError('storage.not-found', `Cannot find a file of ${kind}: no id begins with ${start}`)
  if (found.length > 1)
    throw new EngineError('snapshot.ambiguous', `Cannot choose a file of ${kind}: ${found.length} ids begin with ${start}`)
  return id as Id
}

async function catPack(repository: OpenRepository, start: string, options: CallOptions): Promise<CatContent> {
  const name = await resolveFileId(repository, { kind: 'data', start }, options)
  const content = await repository.storage.read({ kind: 'data', name }, 'all', options)
  return {
    content: Buffer.from(content.buffer, content.byteOffset, content.byteLength),
    isDamaged: hash('sha256', content, 'hex') !== name,
  }
}

function masterKeyJson({ masterKey }: OpenRepository): Buffer {
  return encodeMasterKey({
    mac: { k: Buffer.from(masterKey.macK), r: Buffer.from(masterKey.macR) },
    encrypt: Buffer.from(masterKey.encrypt),
  })
}

function indented(json: Uint8Array): CatContent {
  return { content: Buffer.from(JSON.stringify(parseJson(json, 'stored document'), undefined, 2), 'utf8'), isDamaged: false }
}
