import { EngineError } from '../errors.ts'
import { type ByteString, byteStringFrom } from '../format/byte-string.ts'
import { readLines, trimSpace } from './text-lines.ts'

/**
 * The patterns of a `--files-from` file, which are still to be expanded against the file system: one a line, without white space around it;
 * empty lines and those that begin with `#` are left out. A text in UTF-16 needs a byte order mark.
 */
export function readSourcePatterns(bytes: Uint8Array): ByteString[] {
  return readLines(bytes)
    .map(trimSpace)
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/** The paths of a `--files-from-verbatim` file: every line as it is, without its end; empty lines are left out. */
export function readSourceLines(bytes: Uint8Array): ByteString[] {
  return readLines(bytes).filter((line) => line !== '')
}

/**
 * The paths of a `--files-from-raw` file, each ended by a zero byte.
 *
 * @throws EngineError `input.invalid` where the last zero byte is missing, which tells of a list cut short, or a path is empty
 */
export function readRawSources(bytes: Uint8Array): ByteString[] {
  const paths = byteStringFrom(bytes).split('\0')
  if (paths.pop() !== '')
    throw new EngineError('input.invalid', 'Cannot read raw list of paths: the zero byte after the last path is missing')
  if (paths.includes('')) throw new EngineError('input.invalid', 'Cannot read raw list of paths: a path is empty')
  return paths as ByteString[]
}
