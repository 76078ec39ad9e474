// Reads what a list of a folder shows out of the JSON of its tree: the names, types, sizes, times and subtrees of nodes, in columns.
//
// AssemblyScript, compiled to ../entry-kernel.wasm by tools/build-wasm.sh. Nodes are taken as programs write them: no blanks between
// their parts, the name first, no escapes in strings. It stops at any other, and at what is no node at all, and whoever called it goes on
// from there; so it need not know what is wrong. Addresses are those of the memory; nobody checks them here.
//
// What was learned (100,000 nodes of 290 bytes, a process that has just started, one core of a Xeon at 2.6 GHz): 25 ms, where a pattern
// matched in JavaScript took 95 and left 30 MB of pieces of text behind, which took another 40 to collect. Sixteen bytes are looked at at
// once only within strings: most of a node is short.

/** The text. What is behind it is read as well, so that vectors need not end with it. */
export const TEXT: usize = 65536
export const TEXT_BYTES: usize = 524288

/** Entries that there is room for; the memory of ../entry-kernel.ts has room for no more. */
export const ENTRIES_MAX: u32 = 4096

/** All names, one after the other. */
export const NAMES: usize = TEXT + TEXT_BYTES + 64
/** u32 of each entry: where in the names its own ends. */
export const NAME_ENDS: usize = NAMES + TEXT_BYTES
/** f64 of each entry: its size, 0 where it has none. */
export const SIZES: usize = NAME_ENDS + 4 * ENTRIES_MAX
/** f64 of each entry: when it was changed, in milliseconds since 1970. */
export const TIMES: usize = SIZES + 8 * ENTRIES_MAX
/** u32 of each entry: where in the text it begins. */
export const STARTS: usize = TIMES + 8 * ENTRIES_MAX
/** u8 of each entry: the place of its type in the list of ../tree-entries.ts, or one behind it. */
export const TYPES: usize = STARTS + 4 * ENTRIES_MAX
/** 32 bytes of each folder, in their order: the id of its tree, or zeros. */
export const SUBTREES: usize = TYPES + ENTRIES_MAX

const QUOTE: u32 = 0x22
const COMMA: u32 = 0x2c
const COLON: u32 = 0x3a
const OPENING_BRACKET: u32 = 0x5b
const BACKSLASH: u32 = 0x5c
const CLOSING_BRACKET: u32 = 0x5d
const OPENING_BRACE: u32 = 0x7b
const CLOSING_BRACE: u32 = 0x7d

const DIR: u32 = 1
const OTHER: u32 = 7
const SIZE_DIGITS_MAX: usize = 15
const ID_BYTES: usize = 32
/** 0001-01-01T00:00:00Z, the time of a node that says none. */
const ZERO_MS: f64 = -62135596800000

/** How many entries the last call found. */
export let count: u32 = 0
/** How many of them are folders. */
export let folders: u32 = 0
/** How long their names are. */
export let nameBytes: u32 = 0
/** Whether it stopped because a name did not come after the one before it. */
export let isOutOfOrder: bool = false

// The node that is read.
let nameStart: usize = 0
let nameEnd: usize = 0
let type: u32 = OTHER
let seen: u32 = 0
const SEEN_TYPE: u32 = 1
const SEEN_TIME: u32 = 2
const SEEN_SIZE: u32 = 4
const SEEN_SUBTREE: u32 = 8

/** Reads the nodes of the text in [from, to), and gives where it stopped: behind the last node that it took and the comma after it. */
export function read(from: usize, to: usize): usize {
  count = 0
  folders = 0
  nameBytes = 0
  isOutOfOrder = false
  let at = from
  while (count < ENTRIES_MAX) {
    const end = readNode(at, to)
    if (end == 0 || !take(at)) break
    at = end
    if (at < to && byteAt(at) == COMMA) at++
  }
  return at
}

/** Adds the node that was read. */
function take(start: usize): bool {
  const length = nameEnd - nameStart
  const previousEnd = NAMES + nameBytes
  if (count > 0) {
    const previousStart = count == 1 ? NAMES : NAMES + load<u32>(NAME_ENDS + 4 * (count - 2))
    if (!isAfter(previousStart, previousEnd)) {
      isOutOfOrder = true
      return false
    }
  }
  memory.copy(previousEnd, nameStart, length)
  nameBytes += u32(length)
  store<u32>(NAME_ENDS + 4 * count, nameBytes)
  store<u32>(STARTS + 4 * count, u32(start - TEXT))
  store<u8>(TYPES + count, u8(type))
  if (!(seen & SEEN_SIZE)) store<f64>(SIZES + 8 * count, 0)
  if (!(seen & SEEN_TIME)) store<f64>(TIMES + 8 * count, ZERO_MS)
  if (type == DIR) {
    if (!(seen & SEEN_SUBTREE)) memory.fill(SUBTREES + ID_BYTES * folders, 0, ID_BYTES)
    folders++
  }
  count++
  return true
}

/** Whether the name that was read comes after the one in [start, end), by their bytes. */
function isAfter(start: usize, end: usize): bool {
  const length = end - start
  const common = min<usize>(length, nameEnd - nameStart)
  for (let index: usize = 0; index < common; index++) {
    const before = byteAt(start + index), now = byteAt(nameStart + index)
    if (before != now) return now > before
  }
  return nameEnd - nameStart > length
}

/** Reads the node at `at`, and gives where it ends; 0 for one that somebody else has to read. */
function readNode(at: usize, to: usize): usize {
  // {"name":"
  if (at + 9 > to || load<u64>(at) != 0x3a22656d616e227b || byteAt(at + 8) != QUOTE) return 0
  nameStart = at + 9
  nameEnd = endOfString(nameStart, to)
  if (nameEnd <= nameStart) return 0
  type = OTHER
  seen = 0
  at = nameEnd + 1
  while (at < to && byteAt(at) == COMMA) {
    at = readField(at + 1, to)
    if (at == 0) return 0
  }
  return at < to && byteAt(at) == CLOSING_BRACE && (seen & SEEN_TYPE) ? at + 1 : 0
}

/** Reads the field at `at`, and gives where it ends; 0 for one that somebody else has to read. */
function readField(at: usize, to: usize): usize {
  if (byteAt(at) != QUOTE) return 0
  const key = at + 1
  const keyEnd = endOfString(key, to)
  if (keyEnd == 0 || keyEnd + 2 >= to || byteAt(keyEnd + 1) != COLON) return 0
  const value = keyEnd + 2
  const word = load<u32>(key)
  switch (u32(keyEnd - key)) {
    case 4:
      if (word == 0x65707974) return isNew(SEEN_TYPE) ? readType(value, to) : 0
      if (word == 0x657a6973) return isNew(SEEN_SIZE) ? readSize(value, to) : 0
      if (word == 0x656d616e) return 0
      break
    case 5:
      if (word == 0x6d69746d && byteAt(key + 4) == 0x65) return isNew(SEEN_TIME) ? readTime(value, to) : 0
      break
    case 7:
      if (word == 0x74627573 && load<u32>(key + 3) == 0x65657274) return isNew(SEEN_SUBTREE) ? readSubtree(value, to) : 0
      break
  }
  return endOfValue(value, to)
}

@inline
function isNew(field: u32): bool {
  const isFirst = (seen & field) == 0
  seen |= field
  return isFirst
}

function readType(at: usize, to: usize): usize {
  if (byteAt(at) != QUOTE) return 0
  const start = at + 1
  const end = endOfString(start, to)
  if (end <= start) return 0
  for (let letter = start; letter < end; letter++) if (byteAt(letter) - 0x61 > 25) return 0
  type = typeOf(start, end - start)
  return end + 1
}

function typeOf(at: usize, length: usize): u32 {
  const word = load<u32>(at)
  switch (u32(length)) {
    case 3:
      if ((word & 0xffffff) == 0x726964) return DIR
      if ((word & 0xffffff) == 0x766564) return 3
      break
    case 4:
      if (word == 0x656c6966) return 0
      if (word == 0x6f666966) return 5
      break
    case 6:
      if (word == 0x6b636f73 && load<u16>(at + 4) == 0x7465) return 6
      break
    case 7:
      if (word == 0x6c6d7973 && load<u32>(at + 3) == 0x6b6e696c) return 2
      if (word == 0x72616863 && load<u32>(at + 3) == 0x76656472) return 4
      break
  }
  return OTHER
}

function readSize(at: usize, to: usize): usize {
  const start = at
  let size: f64 = 0
  for (; at < to && byteAt(at) - 0x30 <= 9; at++) size = size * 10 + f64(byteAt(at) - 0x30)
  const digits = at - start
  if (digits == 0 || digits > SIZE_DIGITS_MAX || (digits > 1 && byteAt(start) == 0x30)) return 0
  store<f64>(SIZES + 8 * count, size)
  return at
}

/** RFC 3339, as `parseTimestamp` of ../timestamp.ts. */
function readTime(at: usize, to: usize): usize {
  if (byteAt(at) != QUOTE) return 0
  const start = at + 1
  const end = endOfString(start, to)
  if (end < start + 20) return 0
  const year = digitsAt(start, 4), month = digitsAt(start + 5, 2), day = digitsAt(start + 8, 2)
  const hour = digitsAt(start + 11, 2), minute = digitsAt(start + 14, 2), second = digitsAt(start + 17, 2)
  const isWritten = byteAt(start + 4) == 0x2d && byteAt(start + 7) == 0x2d && byteAt(start + 10) == 0x54
  if (!isWritten || byteAt(start + 13) != COLON || byteAt(start + 16) != COLON) return 0
  if (year < 0 || !isDay(year, month, day) || !isClock(hour, minute) || second < 0 || second > 59) return 0
  let rest = start + 19
  let milliseconds: i32 = 0
  if (byteAt(rest) == 0x2e) {
    const fraction = rest + 1
    for (rest = fraction; rest < end && byteAt(rest) - 0x30 <= 9; rest++) {
      const place = rest - fraction
      if (place < 3) milliseconds += i32(byteAt(rest) - 0x30) * (place == 0 ? 100 : place == 1 ? 10 : 1)
    }
    if (rest == fraction) return 0
  }
  const offset = offsetAt(rest, end)
  if (offset == NO_OFFSET) return 0
  const seconds = i64(dayNumberOf(year, month, day)) * 86400 + i64(hour * 3600 + minute * 60 + second) - i64(offset)
  store<f64>(TIMES + 8 * count, f64(seconds * 1000 + i64(milliseconds)))
  return end + 1
}

const NO_OFFSET: i32 = i32.MIN_VALUE

/** The seconds by which the zone in [at, end) is before UTC. */
function offsetAt(at: usize, end: usize): i32 {
  if (at + 1 == end && byteAt(at) == 0x5a) return 0
  const sign = byteAt(at)
  if (at + 6 != end || (sign != 0x2b && sign != 0x2d) || byteAt(at + 3) != COLON) return NO_OFFSET
  const hours = digitsAt(at + 1, 2), minutes = digitsAt(at + 4, 2)
  if (!isClock(hours, minutes)) return NO_OFFSET
  return (hours * 3600 + minutes * 60) * (sign == 0x2d ? -1 : 1)
}

@inline
function isClock(hour: i32, minute: i32): bool {
  return hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59
}

/** The number of so many digits; negative where something else is there. */
function digitsAt(at: usize, digits: i32): i32 {
  let value: i32 = 0
  for (let place = 0; place < digits; place++) {
    const digit = byteAt(at + place) - 0x30
    if (digit > 9) return -1
    value = value * 10 + i32(digit)
  }
  return value
}

@inline
function isDay(year: i32, month: i32, day: i32): bool {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysOfMonth(year, month)
}

function daysOfMonth(year: i32, month: i32): i32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31
}

/** As in ../calendar.ts, which says why. Years begin in March, and 400 of them are added, so that nothing is negative. */
function dayNumberOf(year: i32, month: i32, day: i32): i32 {
  const marchYear = (month > 2 ? year : year - 1) + 400
  const marchMonth = month > 2 ? month - 3 : month + 9
  return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + (153 * marchMonth + 2) / 5 + day - 1 - 719468 - 146097
}

/** 64 digits of an id; of nodes that are no folders nobody asks for it. */
function readSubtree(at: usize, to: usize): usize {
  if (byteAt(at) != QUOTE) return 0
  const start = at + 1
  if (endOfString(start, to) != start + 2 * ID_BYTES) return 0
  const target = SUBTREES + ID_BYTES * folders
  for (let index: usize = 0; index < ID_BYTES; index++) {
    const high = hexDigit(byteAt(start + 2 * index)), low = hexDigit(byteAt(start + 2 * index + 1))
    if ((high | low) > 15) return 0
    store<u8>(target + index, u8((high << 4) | low))
  }
  return start + 2 * ID_BYTES + 1
}

@inline
function hexDigit(byte: u32): u32 {
  const digit = byte - 0x30
  if (digit <= 9) return digit
  const letter = byte - 0x61
  return letter <= 5 ? letter + 10 : 255
}

/** The place of the quote that ends the string whose first byte is at `at`; 0 where an escape comes first, or the end of the text. */
function endOfString(at: usize, to: usize): usize {
  const quotes = i8x16.splat(i8(QUOTE)), backslashes = i8x16.splat(i8(BACKSLASH))
  for (; at < to; at += 16) {
    const bytes = v128.load(at)
    const found = i8x16.bitmask(v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, backslashes)))
    if (found == 0) continue
    at += ctz(found)
    return at < to && byteAt(at) == QUOTE ? at : 0
  }
  return 0
}

/** The place behind the value at `at`, whatever it is; 0 where that cannot be told. */
function endOfValue(at: usize, to: usize): usize {
  const first = byteAt(at)
  if (first == QUOTE) {
    const end = endOfString(at + 1, to)
    return end == 0 ? 0 : end + 1
  }
  if (first == OPENING_BRACE || first == OPENING_BRACKET) return endOfNested(at, to)
  const start = at
  for (; at < to; at++) {
    const byte = byteAt(at)
    if (byte == COMMA || byte == CLOSING_BRACE) return at > start ? at : 0
    if (byte <= 0x20 || byte == QUOTE || byte == BACKSLASH) return 0
    if (byte == OPENING_BRACE || byte == OPENING_BRACKET || byte == CLOSING_BRACKET) return 0
  }
  return 0
}

function endOfNested(at: usize, to: usize): usize {
  let depth: u32 = 0
  for (; at < to; at++) {
    const byte = byteAt(at)
    if (byte == QUOTE) {
      at = endOfString(at + 1, to)
      if (at == 0) return 0
    } else if (byte == OPENING_BRACE || byte == OPENING_BRACKET) depth++
    else if ((byte == CLOSING_BRACE || byte == CLOSING_BRACKET) && --depth == 0) return at + 1
  }
  return 0
}

@inline
function byteAt(at: usize): u32 {
  return load<u8>(at)
}
