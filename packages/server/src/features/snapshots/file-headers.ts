import { isUtf8 } from 'node:buffer'
import type { ByteString } from '@holdfast/engine'
import type { ByteSpan } from './snapshot-files.ts'
import { readableName } from './snapshot-path.ts'

/**
 * What keeps a browser from taking the content of a backup for a page of this server: nothing in it is run, shown in a frame, or guessed
 * to be of another type than it is sent as.
 */
export const UNTRUSTED_HEADERS = {
  'content-security-policy': "sandbox; default-src 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'private, no-cache',
} as const

/** Beginnings of the kinds of pictures that browsers show and that hold no script. */
const PICTURES: readonly { readonly type: string; readonly mark: string; readonly at: number }[] = [
  { type: 'image/png', mark: '\x89PNG\r\n\x1a\n', at: 0 },
  { type: 'image/jpeg', mark: '\xff\xd8\xff', at: 0 },
  { type: 'image/gif', mark: 'GIF87a', at: 0 },
  { type: 'image/gif', mark: 'GIF89a', at: 0 },
  { type: 'image/webp', mark: 'WEBP', at: 8 },
]
/** Bytes of a character of UTF-8 that the end of a part may have cut. */
const CUT_BYTES_MAX = 3

/** How a file is to be saved (RFC 6266, RFC 8187): an ASCII name for all, and the name as it is for those that can. */
export function dispositionOf(kind: 'attachment' | 'inline', name: ByteString, extension = ''): string {
  const text =
    (readableName(name)
      .replaceAll(/[/\\:\ufffd]/g, '_')
      .replace(/^\.+/, '_') || '_') + extension
  const ascii = text
    .normalize('NFKD')
    .replaceAll(/[^\x20-\x7e]/g, '_')
    .replaceAll(/["%;]/g, '_')
  const encoded = encodeURIComponent(text).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`
}

/** As what the beginning of a file can be shown safely: text as text whatever markup it holds, some pictures, anything else as bytes. */
export function previewType(beginning: Buffer): string {
  const head = beginning.subarray(0, 16).toString('latin1')
  const picture = PICTURES.find(({ mark, at }) => head.startsWith(mark, at))
  if (picture !== undefined) return picture.type
  return isText(beginning) ? 'text/plain; charset=utf-8' : 'application/octet-stream'
}

/**
 * The part that a `Range` header asks for (RFC 9110, section 14): `all` where there is none, or one that may be ignored; `none` where
 * nothing of it is in the file. Of several ranges none is served by itself: the file is given whole then.
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteSpan | 'all' | 'none' {
  const [, first = '', last = ''] = /^bytes *= *(\d{0,15}) *- *(\d{0,15}) *$/i.exec(header ?? '') ?? []
  if (first === '' && last === '') return 'all'
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes)
    return length === 0 ? 'none' : { offset: sizeBytes - length, length }
  }
  const offset = Number(first)
  const end = last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes)
  if (last !== '' && Number(last) < offset) return 'all'
  return offset >= sizeBytes ? 'none' : { offset, length: end - offset }
}

function isText(bytes: Buffer): boolean {
  if (bytes.includes(0)) return false
  for (let cut = 0; cut <= CUT_BYTES_MAX; cut++) if (isUtf8(bytes.subarray(0, Math.max(0, bytes.length - cut)))) return true
  return bytes.length === 0
}
