const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const

/** A size as restic shows it: `13 B`, `1.500 KiB`, `2.125 GiB`. */
export function formatBytes(sizeBytes: number): string {
  if (sizeBytes < 1024) return `${sizeBytes} B`
  const exponent = Math.min(UNITS.length, Math.floor(Math.log2(sizeBytes) / 10))
  return `${(sizeBytes / 1024 ** exponent).toFixed(3)} ${UNITS[exponent - 1]}`
}

/** A share in percent, at most 100; empty when there is no whole. */
export function formatPercent(part: number, whole: number): string {
  return whole === 0 ? '' : `${Math.min(100, (100 * part) / whole).toFixed(2)}%`
}

/** Minutes and seconds, with hours from the first one on: `0:05`, `1:02:03`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.floor(seconds)
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor(whole / 60) % 60
  const tail = String(whole % 60).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`
}

/** A number right-aligned in `width` columns. */
export function padNumber(value: number, width: number): string {
  return String(value).padStart(width)
}

/** Text that cannot harm a terminal: one with control characters or bytes that are no text comes in quotes, with escapes. */
export function safeForTerminal(text: string): string {
  return /[\p{C}\ufffd]/u.test(text) ? JSON.stringify(text).replaceAll(/[\p{Cc}\p{Cf}]/gu, escapeCharacter) : text
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** How many columns a text takes: wide characters of East Asia and emoji take two. */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of text) width += isWide(character.codePointAt(0) ?? 0) ? 2 : 1
  return width
}

/** The beginning of a text that fits into so many columns. */
export function truncateToWidth(text: string, columns: number): string {
  let width = 0
  let end = 0
  for (const character of text) {
    width += isWide(character.codePointAt(0) ?? 0) ? 2 : 1
    if (width > columns) return text.slice(0, end)
    end += character.length
  }
  return text
}

/** The blocks of Unicode's EastAsianWidth.txt that are wide, in their rough bounds. */
const WIDE_BLOCKS: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1faff],
  [0x20000, 0x3fffd],
]

function isWide(codePoint: number): boolean {
  return codePoint >= 0x1100 && WIDE_BLOCKS.some(([first, last]) => codePoint >= first && codePoint <= last)
}
