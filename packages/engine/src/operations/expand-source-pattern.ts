import { lstatSync, readdirSync } from 'node:fs'
import { EngineError } from '../errors.ts'
import { type ByteString, displayText, joinBytes, systemPath } from '../format/byte-string.ts'
import { compileNamePattern, isNamePattern, type NameMatcher } from './name-pattern.ts'

/**
 * The paths that fit a pattern of a `--files-from` file, as Go's `filepath.Glob` finds them: in every component `*`, `?` and `[…]` stand
 * for names that exist, those with a leading dot too. A pattern without any of these is itself, if it exists. Folders that cannot be read
 * hold nothing.
 *
 * @throws EngineError `input.invalid` for a malformed pattern
 */
export function expandSourcePattern(pattern: ByteString): ByteString[] {
  const components = pattern.split('/') as ByteString[]
  const steps = components
    .filter((component) => component !== '')
    .map((component) => ({ component, matches: matcherOf(component, pattern) }))
  let paths: ByteString[] = [(pattern.startsWith('/') ? '/' : '') as ByteString]
  for (const { component, matches } of steps) {
    paths = matches === undefined ? paths.map((path) => below(path, component)) : paths.flatMap((path) => childrenOf(path, matches))
  }
  return paths.filter(exists)
}

function matcherOf(component: ByteString, pattern: ByteString): NameMatcher | undefined {
  if (!isNamePattern(component)) return undefined
  const matches = compileNamePattern(component)
  if (matches === undefined) throw new EngineError('input.invalid', `Cannot use pattern ${JSON.stringify(displayText(pattern))}: malformed`)
  return matches
}

function childrenOf(folder: ByteString, matches: NameMatcher): ByteString[] {
  const names = namesIn(folder === '' ? ('.' as ByteString) : folder)
  return names.filter(matches).map((name) => below(folder, name))
}

function namesIn(folder: ByteString): ByteString[] {
  try {
    return readdirSync(systemPath(folder), { encoding: 'latin1' }).sort() as ByteString[]
  } catch {
    return []
  }
}

function below(folder: ByteString, name: ByteString): ByteString {
  return folder === '' ? name : joinBytes(folder, name)
}

function exists(path: ByteString): boolean {
  return lstatSync(systemPath(path), { throwIfNoEntry: false }) !== undefined
}
