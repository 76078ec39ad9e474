import { link, open, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolders, messageOf, secureRandom } from '@holdfast/engine'
import { ServerError } from '../errors.ts'
import type { Settings } from './settings.ts'

const KEY_BYTES = 32

/**
 * The key under which secrets are sealed in the database: from the settings, or from a file in the data folder that only its owner can
 * read and that is made by the first start. Whoever loses it loses the passwords of all repositories that are kept nowhere else.
 * @throws {ServerError} `settings.invalid` for a key that is too short or a file that cannot be read.
 */
export async function loadMasterKey({ masterKey, data }: Pick<Settings, 'masterKey' | 'data'>): Promise<Buffer> {
  if (masterKey !== '') return checked(Buffer.from(masterKey, 'base64'), 'HOLDFAST_MASTER_KEY')
  const path = join(data, 'master-key')
  const existing = await readKey(path)
  if (existing !== undefined) return existing
  await makeFolders(data, 0o700)
  await writeKey(path, secureRandom(KEY_BYTES))
  const written = await readKey(path)
  if (written === undefined) throw new ServerError('settings.invalid', `Cannot read ${path}: it is gone again`)
  return written
}

async function readKey(path: string): Promise<Buffer | undefined> {
  try {
    return checked(Buffer.from((await readFile(path, 'utf8')).trim(), 'base64'), path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Writes the file whole, and never over one that another process has made at the same time: the first one counts. */
async function writeKey(path: string, key: Buffer): Promise<void> {
  const temporary = `${path}.${secureRandom(6).toString('hex')}`
  try {
    await using file = await open(temporary, 'wx', 0o600)
    await file.writeFile(`${key.toString('base64')}\n`)
    await file.sync()
    await link(temporary, path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return
    throw new ServerError('settings.invalid', `Cannot write ${path}: ${messageOf(error)}`, { cause: error })
  } finally {
    await unlink(temporary).catch(() => undefined)
  }
}

function checked(key: Buffer, where: string): Buffer {
  if (key.length >= KEY_BYTES) return key
  throw new ServerError('settings.invalid', `Cannot use ${where}: it holds fewer than ${KEY_BYTES} bytes in base64`)
}
