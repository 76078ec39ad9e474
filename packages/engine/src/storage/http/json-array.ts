import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** Longest element of an array that {@link readJsonArray} takes: many times what an entry of a listing needs. */
const LONGEST_ELEMENT = 64 * 1024

/**
 * The elements of a JSON array, one by one while it arrives, so that a listing of any length needs little memory. `null` is an empty array,
 * as Go servers write it. Rejects with `SyntaxError` when the text is anything else.
 */
export async function* readJsonArray(body: Readable): AsyncIterable<unknown> {
  const decoder = new StringDecoder('utf8')
  const splitter = new ArraySplitter()
  for await (const chunk of body as AsyncIterable<Buffer>) yield* splitter.push(decoder.write(chunk))
  splitter.end()
}

class ArraySplitter {
  #pending = ''
  /** How much of the pending text was looked at. */
  #scanned = 0
  /** How many brackets are open within the current element. */
  #depth = 0
  #inString = false
  #escaped = false
  #place: 'before' | 'inside' | 'after' = 'before'

  /** The elements that end within `text`. */
  push(text: string): readonly unknown[] {
    this.#pending += text
    if (this.#place === 'before') this.#enter()
    const elements: unknown[] = []
    while (this.#place === 'inside' && this.#scanned < this.#pending.length) {
      const character = this.#pending.charAt(this.#scanned++)
      if (!this.#endsElement(character)) continue
      const element = this.#pending.slice(0, this.#scanned - 1).trim()
      if (element !== '') elements.push(JSON.parse(element))
      this.#pending = this.#pending.slice(this.#scanned)
      this.#scanned = 0
      if (character === ']') this.#place = 'after'
    }
    if (this.#pending.length > LONGEST_ELEMENT) throw new SyntaxError('an element of the listing is too long')
    if (this.#place === 'after' && this.#pending.trim() !== '') throw notAnArray()
    return elements
  }

  end(): void {
    const nothing = this.#place === 'before' && this.#pending.trim() === 'null'
    if (this.#place !== 'after' && !nothing) throw notAnArray()
  }

  #enter(): void {
    const text = this.#pending.trimStart()
    if (text.startsWith('[')) {
      this.#place = 'inside'
      this.#pending = text.slice(1)
    } else if (!'null'.startsWith(text.trimEnd())) throw notAnArray()
  }

  /** Takes one character of the array into account. */
  #endsElement(character: string): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false
      else if (character === '\\') this.#escaped = true
      else if (character === '"') this.#inString = false
      return false
    }
    if (this.#depth === 0 && (character === ',' || character === ']')) return true
    if (character === '"') this.#inString = true
    else if (character === '[' || character === '{') this.#depth++
    else if (character === ']' || character === '}') this.#depth--
    return false
  }
}

function notAnArray(): SyntaxError {
  return new SyntaxError('the listing is no JSON array')
}
