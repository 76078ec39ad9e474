import { mkdirSync, statSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCodeOf } from '../errors.ts'
import { type ByteString, systemPath } from '../format/byte-string.ts'

// Node's own `recursive` never comes back where a folder cannot be made although the one above it is there, as anywhere in /proc: it takes
// the system's ENOENT for the one above, finds that, and tries again.

/**
 * Makes a folder, and those above it that are missing, with `mode`. Gives the first that was made; undefined if the folder was there.
 * Throws what the system says.
 */
export async function makeFolders(path: string, mode: number): Promise<string | undefined> {
  const isMade = await makeFolder(path, mode).catch((error: unknown) => whereAboveIsMissing(path, error))
  if (isMade !== undefined) return isMade ? path : undefined
  const first = await makeFolders(dirname(path), mode)
  return (await makeFolder(path, mode)) ? (first ?? path) : first
}

/** {@link makeFolders}, in one go. */
export function makeFoldersNow(path: ByteString, mode: number): ByteString | undefined {
  let isMade: boolean | undefined
  try {
    isMade = makeFolderNow(path, mode)
  } catch (error) {
    isMade = whereAboveIsMissing(path, error)
  }
  if (isMade !== undefined) return isMade ? path : undefined
  const first = makeFoldersNow(dirname(path) as ByteString, mode)
  return makeFolderNow(path, mode) ? (first ?? path) : first
}

function whereAboveIsMissing(path: string, error: unknown): undefined {
  if (systemCodeOf(error) !== 'ENOENT' || dirname(path) === path) throw error
}

/** Whether it was made; false if it was there. */
async function makeFolder(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode })
    return true
  } catch (error) {
    const status = await stat(path).catch(() => undefined)
    if (status?.isDirectory() === true) return false
    throw error
  }
}

function makeFolderNow(path: ByteString, mode: number): boolean {
  try {
    mkdirSync(systemPath(path), { mode })
    return true
  } catch (error) {
    if (statSync(systemPath(path), { throwIfNoEntry: false })?.isDirectory() === true) return false
    throw error
  }
}
