import type { ByteString } from '../format/byte-string.ts'
import { readLines, trimSpace } from './text-lines.ts'

/** The value of an environment variable; empty where it is not set. */
export type VariableLookup = (name: ByteString) => ByteString

/**
 * The patterns of an `--exclude-file` or `--include-file`: one a line, without white space around it; empty lines and those that begin with
 * `#` are left out. A text in UTF-16 needs a byte order mark. Variables are not replaced yet: that is {@link expandVariables}.
 */
export function readPatternLines(bytes: Uint8Array): ByteString[] {
  return readLines(bytes)
    .map(trimSpace)
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/**
 * Replaces `$name` and `${name}` in a line of a pattern file as restic does; `$$` is a dollar sign. Names are letters, digits and `_`, or
 * anything between braces, or one of the shell's special characters. `${}` and a brace that is never closed are dropped with their dollar
 * sign.
 */
export function expandVariables(line: ByteString, lookup: VariableLookup): ByteString {
  const variable = /\$(?:\{([*#$@!?\-0-9])\}|\{([^}]+)\}|\{\}?()|([*#$@!?\-0-9])|(\w+))/g
  const expanded = line.replaceAll(variable, (_match, ...groups: readonly (string | undefined)[]) => {
    const name = groups.slice(0, 5).find((group) => group !== undefined) ?? ''
    if (name === '$') return '$'
    return name === '' ? '' : lookup(name as ByteString)
  })
  return expanded as ByteString
}
