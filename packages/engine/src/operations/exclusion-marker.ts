import { EngineError } from '../errors.ts'
import { type ByteString, byteStringOf, bytesOf } from '../format/byte-string.ts'

/**
 * A file whose presence excludes everything else in its folder. Where a header is asked for, the file must begin with it; a file that does
 * not is worth a warning and excludes nothing.
 */
export interface ExclusionMarker {
  readonly name: ByteString
  /** Empty where the name alone is enough. */
  readonly header: Uint8Array
}

/** The tag of cache folders (https://bford.info/cachedir/), which `--exclude-caches` looks for. */
export const CACHE_MARKER: ExclusionMarker = parseExclusionMarker(byteStringOf('CACHEDIR.TAG:Signature: 8a477f597d28d172789f06886806bc55'))

/**
 * Reads `--exclude-if-present name[:header]`. The header is all that follows the first colon.
 *
 * @throws EngineError `input.invalid` where there is no name
 */
export function parseExclusionMarker(text: ByteString): ExclusionMarker {
  const colon = text.indexOf(':')
  const name = (colon === -1 ? text : text.slice(0, colon)) as ByteString
  if (name === '') throw new EngineError('input.invalid', 'Cannot exclude folders by a file in them: the name of the file is empty')
  return { name, header: colon === -1 ? new Uint8Array() : bytesOf(text.slice(colon + 1) as ByteString) }
}

/**
 * Whether a file of the marker's name excludes its folder. `start` is the beginning of the file, at least as long as the header if it can
 * be.
 */
export function isMarkedBy(marker: ExclusionMarker, start: Uint8Array): boolean {
  return Buffer.compare(start.subarray(0, marker.header.length), marker.header) === 0
}
