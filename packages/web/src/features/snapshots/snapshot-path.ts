/** One step on the way to a place in a snapshot. */
export interface PathStep {
  /** For people; control characters and marks of direction are still in it, for `FileName` to show. */
  readonly name: string
  /** In the server's form. */
  readonly path: string
}

const UTF8 = new TextDecoder('utf-8')
const ESCAPES = /(?:%[0-9A-Fa-f]{2})+/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what the form escapes
const ESCAPED = /[%\x00-\x1f\x7f]/g

/** The folders on the way to a path in the server's form, without the root; the last is the path itself. */
export function stepsOf(path: string): readonly PathStep[] {
  const names = path.split('/').filter((name) => name !== '')
  return names.map((name, index) => ({ name: readable(name), path: `/${names.slice(0, index + 1).join('/')}` }))
}

/** The folder that holds a path; the root holds itself. */
export function parentOf(path: string): string {
  const end = path.lastIndexOf('/')
  return end <= 0 ? '/' : path.slice(0, end)
}

/** The last name of a path in the server's form, for people. */
export function nameOf(path: string): string {
  return readable(path.slice(path.lastIndexOf('/') + 1))
}

/** The last name of what people typed or pasted as a path; undefined where it is no path, or only slashes. */
export function nameWithin(typed: string): string | undefined {
  if (!typed.includes('/')) return undefined
  return typed
    .split('/')
    .map((name) => name.trim())
    .findLast((name) => name !== '')
}

/** A path in the server's form, for people. */
export function readable(path: string): string {
  return path.replace(ESCAPES, (escapes) => {
    const bytes = escapes
      .slice(1)
      .split('%')
      .map((digits) => Number.parseInt(digits, 16))
    return UTF8.decode(Uint8Array.from(bytes))
  })
}

/**
 * Where to begin in a snapshot of those folders: the deepest one that holds all that was saved, in the server's form. It need not be
 * there, since the folders are what somebody typed.
 */
export function startFolder(paths: readonly string[]): string {
  const [first, ...others] = paths.map((path) => path.split('/').filter((name) => name !== ''))
  if (first === undefined || !paths.every((path) => path.startsWith('/'))) return '/'
  const differing = first.findIndex((name, index) => others.some((names) => names[index] !== name))
  const common = differing === -1 ? first : first.slice(0, differing)
  return `/${common.map(escaped).join('/')}`
}

function escaped(name: string): string {
  return name.replace(ESCAPED, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}
