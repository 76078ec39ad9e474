/** Characters that Go's `encoding/json` writes as they are, with its default of escaping HTML. */
const PLAIN = /^[ !#-%'-;=?-[\]-\u007f]*$/

/** Everything that is not written as it is; a surrogate pair is one character under `u`, a lone surrogate matches by itself. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const SPECIAL = /[\u0000-\u001f"&<>\\\u2028\u2029\ud800-\udfff]/gu

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

/**
 * `text` as a JSON string literal, quotes included, byte for byte as `encoding/json` of Go 1.22 and later writes it (earlier ones wrote \b
 * and \f as \u0008 and \u000c). Lone surrogates, which Go's strings cannot hold, become \ufffd, as invalid bytes do in Go.
 */
export function goString(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : `"${text.replace(SPECIAL, escapeSequence)}"`
}

function escapeSequence(character: string): string {
  const code = character.charCodeAt(0)
  if (code >= 0xd800 && code <= 0xdfff) return '\\ufffd'
  return SHORT_ESCAPES[character] ?? `\\u${code.toString(16).padStart(4, '0')}`
}
