import { readFile } from 'node:fs/promises'
import { CommandFailure } from '../command-failure.ts'

/** The bytes of a file that a flag names. Throws a {@link CommandFailure} that names the file. */
export async function readNamedFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const state = error instanceof Error ? error.message : String(error)
    throw new CommandFailure('failed', isMissing ? `${path} does not exist` : `cannot read ${path}: ${state}`, { cause: error })
  }
}

/** The text of a file that a flag names, without white space at its ends. UTF-16 needs a byte order mark, which is dropped. */
export async function readNamedText(path: string): Promise<string> {
  return decodeText(await readNamedFile(path)).trim()
}

function decodeText(bytes: Uint8Array): string {
  const encoding = bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}
