import {
  type ByteString,
  byteStringOf,
  compilePathFilter,
  displayText,
  expandVariables,
  type PathFilter,
  readPatternLines,
  uniteFilters,
} from '@holdfast/engine'
import { type FlagValues, texts } from '../command-line/flag.ts'
import type { Environment } from '../environment.ts'
import { readNamedFile } from './text-file.ts'

/** Flags that say what to leave out. */
export const EXCLUDE_FLAGS = {
  exclude: texts('-e, --exclude <pattern>', 'leave out what fits a pattern (repeatable)'),
  iexclude: texts('--iexclude <pattern>', 'the same, upper and lower case being one'),
  excludeFile: texts('--exclude-file <file>', 'read such patterns from a file (repeatable)', 'file'),
  iexcludeFile: texts('--iexclude-file <file>', 'the same, upper and lower case being one', 'file'),
} as const

/** Flags that say what alone to take. */
export const INCLUDE_FLAGS = {
  include: texts('-i, --include <pattern>', 'take only what fits a pattern (repeatable)'),
  iinclude: texts('--iinclude <pattern>', 'the same, upper and lower case being one'),
  includeFile: texts('--include-file <file>', 'read such patterns from a file (repeatable)', 'file'),
  iincludeFile: texts('--iinclude-file <file>', 'the same, upper and lower case being one', 'file'),
} as const

/** Patterns on paths, as they are to be compared. */
export interface Patterns {
  readonly exact: readonly ByteString[]
  readonly ignoringCase: readonly ByteString[]
}

/** The patterns of the exclude flags, those in files with their variables replaced. */
export function excludePatterns(flags: FlagValues<typeof EXCLUDE_FLAGS>, environment: Environment): Promise<Patterns> {
  return collect(
    { exact: flags.exclude, ignoringCase: flags.iexclude, files: flags.excludeFile, filesIgnoringCase: flags.iexcludeFile },
    environment,
  )
}

/** The patterns of the include flags. */
export function includePatterns(flags: FlagValues<typeof INCLUDE_FLAGS>, environment: Environment): Promise<Patterns> {
  return collect(
    { exact: flags.include, ignoringCase: flags.iinclude, files: flags.includeFile, filesIgnoringCase: flags.iincludeFile },
    environment,
  )
}

/** A filter of all patterns; undefined where there are none. */
export function filterOf({ exact, ignoringCase }: Patterns): PathFilter | undefined {
  if (exact.length + ignoringCase.length === 0) return undefined
  return uniteFilters([
    ...(exact.length > 0 ? [compilePathFilter(exact)] : []),
    ...(ignoringCase.length > 0 ? [compilePathFilter(ignoringCase, { ignoreCase: true })] : []),
  ])
}

interface Given {
  readonly exact: readonly string[]
  readonly ignoringCase: readonly string[]
  readonly files: readonly string[]
  readonly filesIgnoringCase: readonly string[]
}

async function collect(given: Given, environment: Environment): Promise<Patterns> {
  const patterns = {
    exact: [...given.exact.map(byteStringOf), ...(await patternsOf(given.files, environment))],
    ignoringCase: [...given.ignoringCase.map(byteStringOf), ...(await patternsOf(given.filesIgnoringCase, environment))],
  }
  // Compiled here to find malformed ones before anything is opened.
  filterOf(patterns)
  return patterns
}

async function patternsOf(files: readonly string[], environment: Environment): Promise<ByteString[]> {
  const lookUp = (name: ByteString): ByteString => byteStringOf(environment.expand(displayText(name)))
  const lists = await Promise.all(files.map(async (file) => readPatternLines(await readNamedFile(file))))
  return lists.flat().map((line) => expandVariables(line, lookUp))
}
