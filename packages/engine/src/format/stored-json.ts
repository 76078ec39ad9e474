import { EngineError } from '../errors.ts'
import { type Id, parseId } from './ids.ts'
import { isTimestamp, type Timestamp } from './timestamp.ts'

/** The largest value of 32 bits, which bounds lengths, offsets and user ids in the format. */
export const UINT32_MAX = 0xffff_ffff

/**
 * Up to this size JSON is parsed unseen: the worst there is, nested empty lists, then takes some 500 MB for a moment. Larger ones are
 * looked through first, since a few compressed kilobytes could hold enough of such lists to exhaust any memory.
 */
const UNCHECKED_SIZE = 8 * 1024 * 1024

/** The least bytes per list or object, and per value, on average; the densest honest text (bare nodes) has 95 and 19. */
const BYTES_PER_CONTAINER_MIN = 16
const BYTES_PER_VALUE_MIN = 10

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPENING_BRACKET = 0x5b
const OPENING_BRACE = 0x7b

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The failure of a stored file that is authentic but not of its form. `what` names it: `lock file`. */
export function malformed(what: string, state: string, cause?: unknown): EngineError {
  return new EngineError('data.malformed', `Cannot decode ${what}: ${state}`, { cause })
}

/**
 * The value of stored JSON; see {@link jsonText}.
 *
 * @throws EngineError `data.malformed`, `repository.too-large`
 */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  const text = jsonText(bytes, what)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw malformed(what, 'not valid JSON', cause)
  }
}

/**
 * The text of stored JSON, which takes less than about ten times its size in memory when it is parsed. Bytes that are not UTF-8 become
 * U+FFFD, as in Go.
 *
 * @throws EngineError `data.malformed` where it is made of far more lists and values than any file or tree of a repository,
 *   `repository.too-large` where it exceeds the longest string of the runtime (half a GiB)
 */
export function jsonText(bytes: Uint8Array, what: string): string {
  if (bytes.byteLength > UNCHECKED_SIZE && !isPlausible(bytes)) throw malformed(what, 'it is packed with empty values')
  try {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  } catch (cause) {
    throw new EngineError('repository.too-large', `Cannot decode ${what}: ${bytes.byteLength} bytes of JSON are too many`, { cause })
  }
}

/** Whether a value of parsed JSON is an object. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a value of parsed JSON is a whole number of 32 bits without sign. */
export function isUint32(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= UINT32_MAX
}

/** The bytes of standard Base64 with padding, which is what Go's JSON takes for bytes; undefined where `value` is something else. */
export function parseBase64(value: unknown): Buffer | undefined {
  return typeof value === 'string' && BASE64.test(value) ? Buffer.from(value, 'base64') : undefined
}

/**
 * The fields of one stored JSON object, read one by one with their types checked. As in Go, `null` is the same as an absent field, and
 * fields nobody asks for are ignored. Every method throws EngineError `data.malformed` for a value of another type, and the methods
 * without "optional" for an absent one.
 */
export class StoredObject {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #what: string

  constructor(value: unknown, what: string) {
    if (!isJsonObject(value)) throw malformed(what, 'not a JSON object')
    this.#values = value
    this.#what = what
  }

  text(field: string): string {
    return this.optionalText(field) ?? this.#missing(field)
  }

  optionalText(field: string): string | undefined {
    const value = this.#value(field)
    if (value === undefined || typeof value === 'string') return value
    throw this.#wrong(field, 'not a string')
  }

  optionalTexts(field: string): string[] | undefined {
    const value = this.#value(field)
    if (value === undefined) return undefined
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
    throw this.#wrong(field, 'not a list of strings')
  }

  boolean(field: string): boolean {
    const value = this.#value(field)
    if (typeof value === 'boolean') return value
    throw this.#wrong(field, value === undefined ? 'missing' : 'neither true nor false')
  }

  /** A whole number from 0 to 2^53 - 1. */
  count(field: string): number {
    return this.optionalCount(field) ?? this.#missing(field)
  }

  optionalCount(field: string): number | undefined {
    const value = this.#value(field)
    if (value === undefined) return undefined
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    throw this.#wrong(field, 'not a whole number from 0 to 2^53 - 1')
  }

  optionalUint32(field: string): number | undefined {
    const value = this.#value(field)
    if (value === undefined || isUint32(value)) return value
    throw this.#wrong(field, 'not a whole number of 32 bits')
  }

  id<T extends Id>(field: string): T {
    return this.optionalId<T>(field) ?? this.#missing(field)
  }

  optionalId<T extends Id>(field: string): T | undefined {
    const value = this.#value(field)
    if (value === undefined) return undefined
    const id = parseId<T>(value)
    if (id === undefined) throw this.#wrong(field, 'not an id')
    return id
  }

  timestamp(field: string): Timestamp {
    return this.optionalTimestamp(field) ?? this.#missing(field)
  }

  optionalTimestamp(field: string): Timestamp | undefined {
    const value = this.optionalText(field)
    if (value === undefined || isTimestamp(value)) return value
    throw this.#wrong(field, 'not a time in RFC 3339')
  }

  /** Bytes stored as Base64. */
  bytes(field: string): Buffer {
    const bytes = parseBase64(this.text(field))
    if (bytes === undefined) throw this.#wrong(field, 'not Base64')
    return bytes
  }

  /** An object inside of this one. */
  object(field: string): StoredObject {
    return this.optionalObject(field) ?? this.#missing(field)
  }

  optionalObject(field: string): StoredObject | undefined {
    const value = this.#value(field)
    return value === undefined ? undefined : new StoredObject(value, `${field} of ${this.#what}`)
  }

  #value(field: string): unknown {
    const value = Object.hasOwn(this.#values, field) ? this.#values[field] : undefined
    return value === null ? undefined : value
  }

  #missing(field: string): never {
    throw this.#wrong(field, 'missing')
  }

  #wrong(field: string, state: string): EngineError {
    return malformed(this.#what, `${field} is ${state}`)
  }
}

/** Whether the lists, objects and values outside of strings are no more than the size allows for. */
function isPlausible(json: Uint8Array): boolean {
  let [containers, values, inString] = [0, 0, false]
  for (let index = 0; index < json.length; index++) {
    const byte = json[index]
    if (byte === QUOTE) inString = !inString
    else if (inString) index += byte === BACKSLASH ? 1 : 0
    else if (byte === COMMA) values++
    else if (byte === OPENING_BRACKET || byte === OPENING_BRACE) containers++
  }
  return containers * BYTES_PER_CONTAINER_MIN < json.length && values * BYTES_PER_VALUE_MIN < json.length
}
