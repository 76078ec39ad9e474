import { runeAt, runeWidth } from '../format/rune.ts'

/** Tells whether a name, one component of a path in bytes, fits a pattern. */
export type NameMatcher = (name: string) => boolean

/** Matches one character of any kind. */
const ANY = -1

/** A byte that must be there, {@link ANY}, or a class of characters. */
type Element = number | CharacterClass

interface CharacterClass {
  readonly isNegated: boolean
  /** Pairs of code points, first and last. */
  readonly ranges: readonly (readonly [first: number, last: number])[]
}

/** A piece of a pattern between asterisks. */
interface Chunk {
  readonly afterAsterisk: boolean
  readonly elements: readonly Element[]
}

/**
 * Compiles a pattern for one component in the syntax of Go's `filepath.Match`: `*` any number of characters, `?` one character, `[a-z]` and
 * `[^a-z]` one of a class or none of it, `\` before a character that means itself. Characters are those of UTF-8; of other bytes each is
 * one. Undefined where the pattern is malformed. The matcher takes time proportional to the name's length times the pattern's.
 */
export function compileNamePattern(pattern: string): NameMatcher | undefined {
  if (!/[\\[\]*?]/.test(pattern)) return (name) => name === pattern
  const chunks = parseChunks(pattern)
  return chunks === undefined ? undefined : (simpleMatcher(chunks) ?? ((name) => matchesChunks(chunks, name)))
}

/** Whether a pattern would match other names than itself. */
export function isNamePattern(pattern: string): boolean {
  return /[\\[*?]/.test(pattern)
}

/** A matcher on whole strings for the shapes that nearly all patterns have: `*`, `abc*`, `*abc`, `*abc*`. */
function simpleMatcher(chunks: readonly Chunk[]): NameMatcher | undefined {
  const [first, second, ...others] = chunks.map(({ afterAsterisk, elements }) => ({ afterAsterisk, literal: literalOf(elements) }))
  if (first?.literal === undefined || others.length > 0) return undefined
  const { literal } = first
  if (second === undefined) {
    if (!first.afterAsterisk) return (name) => name === literal
    return literal === '' ? () => true : (name) => name.endsWith(literal)
  }
  if (second.literal !== '') return undefined
  return first.afterAsterisk ? (name) => name.includes(literal) : (name) => name.startsWith(literal)
}

function literalOf(elements: readonly Element[]): string | undefined {
  const bytes: number[] = []
  for (const element of elements) {
    if (typeof element !== 'number' || element === ANY) return undefined
    bytes.push(element)
  }
  return String.fromCharCode(...bytes)
}

/** The first place at which a chunk fits is as good as any later one, since every chunk after it begins with an asterisk. */
function matchesChunks(chunks: readonly Chunk[], name: string): boolean {
  let position = 0
  for (const [index, { afterAsterisk, elements }] of chunks.entries()) {
    const isLast = index === chunks.length - 1
    if (afterAsterisk && elements.length === 0) return true
    const lastStart = afterAsterisk ? name.length : position
    let end = -1
    for (let start = position; start <= lastStart && end === -1; start++) {
      end = matchElements(elements, name, start)
      if (isLast && end !== name.length) end = -1
    }
    if (end === -1) return false
    position = end
  }
  return position === name.length
}

/** Where the elements end when they fit at `start`, else -1. */
function matchElements(elements: readonly Element[], name: string, start: number): number {
  let position = start
  for (const element of elements) {
    if (position >= name.length) return -1
    if (typeof element !== 'number') {
      if (!isInClass(element, runeAt(name, position))) return -1
      position += runeWidth(name, position)
    } else if (element === ANY) position += runeWidth(name, position)
    else if (name.charCodeAt(position++) !== element) return -1
  }
  return position
}

function isInClass({ isNegated, ranges }: CharacterClass, rune: number): boolean {
  return ranges.some(([first, last]) => first <= rune && rune <= last) !== isNegated
}

function parseChunks(pattern: string): Chunk[] | undefined {
  const chunks: Chunk[] = []
  let rest = pattern
  while (rest !== '') {
    const afterAsterisk = rest.startsWith('*')
    const text = rest.replace(/^\*+/, '')
    const length = chunkLength(text)
    const elements = parseElements(text.slice(0, length))
    if (elements === undefined) return undefined
    chunks.push({ afterAsterisk, elements })
    rest = text.slice(length)
  }
  return chunks
}

/** Bytes up to the next asterisk that is neither escaped nor between brackets. */
function chunkLength(text: string): number {
  let isInBrackets = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (character === '\\') index++
    else if (character === '[') isInBrackets = true
    else if (character === ']') isInBrackets = false
    else if (character === '*' && !isInBrackets) return index
  }
  return text.length
}

function parseElements(chunk: string): Element[] | undefined {
  const elements: Element[] = []
  let index = 0
  while (index < chunk.length) {
    const character = chunk[index]
    if (character === '[') {
      const parsed = parseClass(chunk, index + 1)
      if (parsed === undefined) return undefined
      elements.push(parsed.characterClass)
      index = parsed.end
      continue
    }
    if (character === '\\' && ++index === chunk.length) return undefined
    elements.push(character === '?' ? ANY : chunk.charCodeAt(index))
    index++
  }
  return elements
}

/** Reads a class from behind its opening bracket. A closing bracket ends it only after at least one range. */
function parseClass(chunk: string, start: number): { readonly characterClass: CharacterClass; readonly end: number } | undefined {
  const isNegated = chunk[start] === '^'
  const ranges: [number, number][] = []
  let index = isNegated ? start + 1 : start
  while (ranges.length === 0 || chunk[index] !== ']') {
    const first = parseClassRune(chunk, index)
    if (first === undefined) return undefined
    const last = chunk[first.end] === '-' ? parseClassRune(chunk, first.end + 1) : first
    if (last === undefined) return undefined
    ranges.push([first.rune, last.rune])
    index = last.end
  }
  return { characterClass: { isNegated, ranges }, end: index + 1 }
}

/** Reads one character of a class. Something must follow it, as the class is not closed yet. */
function parseClassRune(chunk: string, start: number): { readonly rune: number; readonly end: number } | undefined {
  const isEscaped = chunk[start] === '\\'
  const index = isEscaped ? start + 1 : start
  if (index >= chunk.length || (!isEscaped && (chunk[start] === '-' || chunk[start] === ']'))) return undefined
  const width = runeWidth(chunk, index)
  if (width === 1 && chunk.charCodeAt(index) > 0x7f) return undefined
  return index + width < chunk.length ? { rune: runeAt(chunk, index), end: index + width } : undefined
}
