import { EngineError } from '../errors.ts'
import { isId } from './ids.ts'
import { malformed, parseJson, StoredObject } from './stored-json.ts'

/** The config file of a repository, field names as stored (restic's doc/design.rst, "Repository Format"). */
export interface RepositoryConfig {
  /** Version 2 added compression. */
  readonly version: 1 | 2
  /** 32 random bytes in hexadecimal; names the repository, in the cache for instance. */
  readonly id: string
  /** The polynomial of the chunker as a hexadecimal number of 1 to 16 digits. Whether it is irreducible is for the chunker to check. */
  readonly chunker_polynomial: string
}

const WHAT = 'repository config'

/** The plaintext of a config file, as restic writes it. */
export function encodeConfig(config: RepositoryConfig): Buffer {
  const { version, id, chunker_polynomial } = config
  return Buffer.from(`{"version":${version},"id":"${id}","chunker_polynomial":"${chunker_polynomial}"}`, 'latin1')
}

/**
 * Reads the plaintext of a config file.
 *
 * @throws EngineError `repository.version` for a version that is neither 1 nor 2, `data.malformed` for anything else that is wrong
 */
export function decodeConfig(bytes: Uint8Array): RepositoryConfig {
  const fields = new StoredObject(parseJson(bytes, WHAT), WHAT)
  const version = fields.count('version')
  if (version !== 1 && version !== 2) {
    const state = `its format has version ${version}, only 1 and 2 are known`
    throw new EngineError('repository.version', `Cannot open repository: ${state}`, { context: { version } })
  }
  const id = fields.text('id')
  if (!isId(id)) throw malformed(WHAT, 'id is not 32 bytes in hexadecimal')
  const polynomial = fields.text('chunker_polynomial')
  if (!/^[0-9a-f]{1,16}$/.test(polynomial)) throw malformed(WHAT, 'chunker_polynomial is not a hexadecimal number')
  return { version, id, chunker_polynomial: polynomial }
}
