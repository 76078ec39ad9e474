import { type ByteString, displayText } from '@holdfast/engine'
import { ServerError } from '../../errors.ts'

/** Characters of a name that can be searched: as many as any index of a database takes. */
const FOLDED_LENGTH_MAX = 500
/** Each costs time at every name. */
const WILDCARDS_MAX = 10
const TRIGRAM = 3

/** What is searched for, ready for a database. */
export interface NamePattern {
  /** For `LIKE` with `!` as the escape character. */
  readonly like: string
  /** The parts without wildcards that are long enough for an index of trigrams. */
  readonly fragments: readonly string[]
}

/** The form in which names are compared: small letters, accents composed, whatever is no text replaced. */
export function foldName(name: ByteString): string {
  return fold(displayText(name.slice(0, FOLDED_LENGTH_MAX * 4) as ByteString)).slice(0, FOLDED_LENGTH_MAX)
}

/** @throws {ServerError} `request.invalid` for too many wildcards, and for nothing but wildcards. */
export function patternOf(query: string): NamePattern {
  const folded = fold(query).replaceAll(/\*+/g, '*')
  const parts = folded.split(/[*?]/)
  if (parts.length - 1 > WILDCARDS_MAX) throw invalid(`more than ${WILDCARDS_MAX} wildcards`)
  if (parts.every((part) => part === '')) throw invalid('nothing but wildcards')
  const escaped = folded.replaceAll(/[%_!]/g, '!$&').replaceAll('*', '%').replaceAll('?', '_')
  return {
    like: parts.length === 1 ? `%${escaped}%` : escaped,
    fragments: parts.filter((part) => [...part].length >= TRIGRAM),
  }
}

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase().replaceAll('\0', '\ufffd')
}

function invalid(state: string): ServerError {
  return new ServerError('request.invalid', `Cannot search: the query has ${state}`)
}
