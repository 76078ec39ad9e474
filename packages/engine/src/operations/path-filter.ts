import { EngineError } from '../errors.ts'
import { type ByteString, displayText } from '../format/byte-string.ts'
import { cleanPath } from '../format/clean-path.ts'
import { lowerCaseBytes } from '../format/rune.ts'
import { compileNamePattern, type NameMatcher } from './name-pattern.ts'

/** What a list of patterns says about a path. */
export interface PathMatch {
  readonly matched: boolean
  /** Something below the path may match, so that it is worth descending. */
  readonly childMayMatch: boolean
}

/**
 * Decides which paths a list of patterns means. Paths are absolute and clean; asking in the order of a walk, folder by folder, is much
 * faster than asking in any other.
 */
export interface PathFilter {
  /** For excludes: whether the path matches. Nobody looks below a folder that does. */
  matches(path: ByteString): boolean
  /** For includes: whether the path matches, and whether anything below may. */
  match(path: ByteString): PathMatch
}

/**
 * Compiles restic's patterns (its documentation, "Excluding files"), each in the syntax of Go's `filepath.Match` for every component and
 * with `**` for any number of components. A pattern fits a path when it fits a run of whole components anywhere in it, so also when it fits
 * a folder above; a leading slash ties it to the root. A pattern that begins with `!` takes back what those before it matched: the last one
 * that fits decides. Empty patterns are ignored. `ignoreCase` compares without regard to case.
 *
 * As in restic, two `**` in one pattern do not both stand for nothing in a path that has no more components than the pattern has names.
 *
 * @throws EngineError `input.invalid` naming the first malformed pattern
 */
export function compilePathFilter(patterns: readonly ByteString[], options: { readonly ignoreCase?: boolean } = {}): PathFilter {
  const { ignoreCase = false } = options
  const list = new PatternList(patterns.filter((pattern) => pattern !== '').map((pattern) => compilePattern(pattern, ignoreCase)))
  if (!ignoreCase) return list
  return { matches: (path) => list.matches(lowerCaseBytes(path)), match: (path) => list.match(lowerCaseBytes(path)) }
}

/** Matches what any of the filters matches, as restic joins its lists with and without regard to case. */
export function uniteFilters(filters: readonly PathFilter[]): PathFilter {
  const [only] = filters
  if (only !== undefined && filters.length === 1) return only
  return {
    matches: (path) => filters.some((filter) => filter.matches(path)),
    match: (path) => {
      const matches = filters.map((filter) => filter.match(path))
      return { matched: matches.some(({ matched }) => matched), childMayMatch: matches.some(({ childMayMatch }) => childMayMatch) }
    },
  }
}

interface Pattern {
  readonly isNegated: boolean
  /** The first component is that of the root, `/`. */
  readonly isRooted: boolean
  /** The components before the first `**`. */
  readonly first: readonly NameMatcher[]
  /** The components behind each `**` and before the next one. */
  readonly others: readonly (readonly NameMatcher[])[]
  /** Components without the `**`s. */
  readonly length: number
}

/** The components of one path; a first component `/` stands for the root. */
type Components = readonly string[]

class PatternList implements PathFilter {
  readonly #patterns: readonly Pattern[]
  #folder: string | undefined
  readonly #components: string[] = []
  /** By pattern: whether it fits the folder of the last path, so also everything in it. */
  #fitsFolder: readonly boolean[] = []

  constructor(patterns: readonly Pattern[]) {
    this.#patterns = patterns
  }

  matches(path: ByteString): boolean {
    this.#goTo(path)
    for (let index = this.#patterns.length - 1; index >= 0; index--) {
      const pattern = this.#patterns[index]
      if (pattern !== undefined && this.#fits(pattern, index)) return !pattern.isNegated
    }
    return false
  }

  match(path: ByteString): PathMatch {
    this.#goTo(path)
    let matched: boolean | undefined
    let childMayMatch: boolean | undefined
    for (let index = this.#patterns.length - 1; index >= 0 && (matched === undefined || childMayMatch === undefined); index--) {
      const pattern = this.#patterns[index]
      if (pattern === undefined) continue
      const { isNegated } = pattern
      const fits = this.#fits(pattern, index)
      if (fits) matched ??= !isNegated
      if (isNegated ? fits : mayFitBelow(pattern, this.#components)) childMayMatch ??= !isNegated
    }
    return { matched: matched ?? false, childMayMatch: childMayMatch ?? false }
  }

  #fits(pattern: Pattern, index: number): boolean {
    return this.#fitsFolder[index] === true || fitsAtEnd(pattern, this.#components)
  }

  /** Splits the path. What is known of the folder stays known for the next path in it. */
  #goTo(path: string): void {
    const slash = path.lastIndexOf('/')
    const folder = path.slice(0, slash + 1)
    const components = this.#components
    if (folder !== this.#folder) {
      this.#folder = folder
      components.length = 0
      if (slash !== -1) for (const component of path.slice(0, slash).split('/')) components.push(component)
      if (components[0] === '') components[0] = '/'
      this.#fitsFolder = this.#patterns.map((pattern) => fitsAnywhere(pattern, components))
      components.push('')
    }
    components[components.length - 1] = path.slice(slash + 1)
  }
}

function compilePattern(text: ByteString, ignoreCase: boolean): Pattern {
  const isNegated = text.startsWith('!')
  const components = cleanPath((isNegated ? text.slice(1) : text) as ByteString).split('/')
  const isRooted = components[0] === ''
  if (isRooted) components[0] = '/'
  const first: NameMatcher[] = []
  const others: NameMatcher[][] = []
  for (const component of components) {
    // The pattern `/` has an empty second component, which restic takes for `**`.
    if (component === '**' || component === '') {
      others.push([])
      continue
    }
    const matcher = compileNamePattern(ignoreCase ? lowerCaseBytes(component as ByteString) : component)
    if (matcher === undefined) {
      throw new EngineError('input.invalid', `Cannot use pattern ${JSON.stringify(displayText(text))}: malformed`)
    }
    const segment = others.at(-1) ?? first
    segment.push(matcher)
  }
  return { isNegated, isRooted, first, others, length: others.reduce((sum, segment) => sum + segment.length, first.length) }
}

/** Whether a pattern fits a run of components. */
function fitsAnywhere(pattern: Pattern, components: Components): boolean {
  if (components.length === 0) return false
  if (pattern.others.length > 0) return fitsWithWildcards(pattern, components)
  const lastStart = pattern.isRooted ? 0 : components.length - pattern.length
  for (let start = firstStart(pattern, components); start <= lastStart; start++) if (fitsAt(pattern.first, components, start)) return true
  return false
}

/** The same where it is known that the pattern does not fit without the last component. */
function fitsAtEnd(pattern: Pattern, components: Components): boolean {
  if (pattern.others.length > 0) return fitsWithWildcards(pattern, components)
  const start = components.length - pattern.length
  return (pattern.isRooted ? start === 0 : start >= firstStart(pattern, components)) && fitsAt(pattern.first, components, start)
}

function fitsWithWildcards(pattern: Pattern, components: Components): boolean {
  const slack = components.length - pattern.length
  if (slack < pattern.others.length - 1) return false
  const lastStart = pattern.isRooted ? 0 : slack
  for (let start = firstStart(pattern, components); start <= lastStart; start++) {
    if (fitsAt(pattern.first, components, start) && fitOthers(pattern, components, start)) return true
  }
  return false
}

/**
 * Places every segment behind a `**` as early as it fits, which leaves the most room to those after it, when the first segment is at
 * `start`. restic expands one `**` after the other and bounds each by the number of components that the pattern has at that time, in which
 * the `**`s to come count as one component each; hence `wildcardsToCome`.
 */
function fitOthers({ first, others, length }: Pattern, components: Components, start: number): boolean {
  const slack = components.length - length
  let end = start + first.length
  let taken = 0
  for (let index = 0; index < others.length; index++) {
    const segment = others[index] ?? []
    const wildcardsToCome = others.length - 1 - index
    const takenMax = slack - Math.max(wildcardsToCome, start)
    for (; taken <= takenMax && !fitsAt(segment, components, end); end++) taken++
    if (taken > takenMax) return false
    end += segment.length
  }
  return true
}

/** Whether a pattern may fit something below a folder: one that is not tied to the root always may. */
function mayFitBelow({ isRooted, first }: Pattern, components: Components): boolean {
  const length = Math.min(first.length, components.length)
  return !isRooted || fitsAt(first.slice(0, length), components, 0)
}

function firstStart(pattern: Pattern, components: Components): number {
  return !pattern.isRooted && components[0] === '/' ? 1 : 0
}

/** Compares from the end, where paths differ most. */
function fitsAt(segment: readonly NameMatcher[], components: Components, start: number): boolean {
  if (start + segment.length > components.length) return false
  for (let index = segment.length - 1; index >= 0; index--) if (segment[index]?.(components[start + index] ?? '') !== true) return false
  return true
}
