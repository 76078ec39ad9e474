/**
 * A file name, path or link target exactly as the file system has it: a string in which each character (0 to 255) is one byte. Names need
 * not be valid UTF-8, and Go (so restic) sorts them by bytes, which is how JavaScript compares such strings. Convert at the border: a
 * `ByteString` is never shown to people and never taken from them as it is.
 */
export type ByteString = string & { readonly __bytes: true }

/** The source of an expression for one character of UTF-8 beyond ASCII in a {@link ByteString} (Unicode 16, table 3-7). */
export const UTF8_SEQUENCE: string = [
  '[\\xc2-\\xdf][\\x80-\\xbf]',
  '(?:\\xe0[\\xa0-\\xbf]|[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]|\\xed[\\x80-\\x9f])[\\x80-\\xbf]',
  '(?:\\xf0[\\x90-\\xbf]|[\\xf1-\\xf3][\\x80-\\xbf]|\\xf4[\\x80-\\x8f])[\\x80-\\xbf]{2}',
].join('|')

/** The bytes of a UTF-8 text, such as an argument or an option. */
export function byteStringOf(text: string): ByteString {
  return (isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')) as ByteString
}

/** Bytes read from the system, as a `ByteString`. */
export function byteStringFrom(bytes: Uint8Array): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1') as ByteString
}

/** The bytes themselves. */
export function bytesOf(name: ByteString): Buffer {
  return Buffer.from(name, 'latin1')
}

/** What `node:fs` takes as a path: the string itself where it is ASCII, which is the fast case, else the bytes. */
export function systemPath(path: ByteString): string | Buffer {
  return isAscii(path) ? path : Buffer.from(path, 'latin1')
}

/** Text for people and JSON: bytes that are not valid UTF-8 become U+FFFD. */
export function displayText(name: ByteString): string {
  return isAscii(name) ? name : Buffer.from(name, 'latin1').toString('utf8')
}

/** Joins a folder and a name with one slash. */
export function joinBytes(folder: ByteString, name: ByteString): ByteString {
  return (folder.endsWith('/') ? folder + name : `${folder}/${name}`) as ByteString
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false
  return true
}
