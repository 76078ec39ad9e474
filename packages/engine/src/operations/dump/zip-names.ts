import { type ByteString, displayText, UTF8_SEQUENCE } from '../../format/byte-string.ts'

/** That, or a byte that a zip cannot hold: one that is no text, or the backslash, which parts folders for some who unpack. */
const SEQUENCE_OR_ODD = new RegExp(`(${UTF8_SEQUENCE})|[\\x80-\\xff\\\\]`, 'g')
/** What looks like a drive to those who unpack, at the beginning of a path. */
const DRIVE = /^([a-z]):/i

/** An entry on the way to the last one that was named. */
interface NamedEntry {
  readonly path: string
  readonly name: string
  readonly taken: TakenNames
}

/** The names of the entries of a folder so far, each with the next number for another one of that name. */
type TakenNames = Map<string, number>

/**
 * The names of a zip archive's entries. What a zip cannot hold is written as `%` and two hexadecimal digits; where two entries of a folder
 * would have one name, the later gets a number. Remembers the names of the folders on the way only, so entries come folder by folder.
 */
export class ZipNames {
  readonly #way: NamedEntry[] = []
  readonly #taken: TakenNames = new Map()

  /** The name of the next entry, whose path has no slash at either end. */
  nameOf(path: ByteString): string {
    while (!isWithin(path, this.#way.at(-1))) this.#way.pop()
    const above = this.#way.at(-1)
    let start = above === undefined ? 0 : above.path.length + 1
    let name = above?.name ?? ''
    for (const part of path.slice(start).split('/')) {
      const taken = this.#way.at(-1)?.taken ?? this.#taken
      const own = takenName(start === 0 ? plainName(part).replace(DRIVE, '$1%3A') : plainName(part), taken)
      name = start === 0 ? own : `${name}/${own}`
      start += part.length + 1
      this.#way.push({ path: path.slice(0, start - 1), name, taken: new Map() })
    }
    return name
  }
}

function isWithin(path: ByteString, above: NamedEntry | undefined): boolean {
  return above === undefined || path.startsWith(`${above.path}/`)
}

function plainName(name: string): string {
  const plain = name.replace(SEQUENCE_OR_ODD, (found: string, sequence: string | undefined) => sequence ?? percent(found))
  return displayText(plain as ByteString)
}

/** Takes the name, or the next one with a number that nobody has. */
function takenName(name: string, taken: TakenNames): string {
  let number = taken.get(name)
  if (number === undefined) {
    taken.set(name, 2)
    return name
  }
  while (taken.has(`${name} (${number})`)) number += 1
  const numbered = `${name} (${number})`
  taken.set(name, number + 1)
  taken.set(numbered, 2)
  return numbered
}

function percent(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase()}`
}
