import { describe, expect, it } from 'vitest'
import { byteStringOf } from '../format/byte-string.ts'
import { CACHE_MARKER, isMarkedBy, parseExclusionMarker } from './exclusion-marker.ts'

describe('parseExclusionMarker', () => {
  it('reads a name and perhaps a header', () => {
    expect(parseExclusionMarker(byteStringOf('.nobackup'))).toEqual({ name: '.nobackup', header: new Uint8Array() })
    expect(parseExclusionMarker(byteStringOf('tag:a:ä '))).toEqual({ name: 'tag', header: Buffer.from('a:ä ') })
    expect(parseExclusionMarker(byteStringOf('tag:')).header).toHaveLength(0)
    for (const text of ['', ':header'])
      expect(() => parseExclusionMarker(byteStringOf(text))).toThrow(expect.objectContaining({ code: 'input.invalid' }))
  })
})

describe('isMarkedBy', () => {
  it('knows the tag of cache folders', () => {
    const signature = 'Signature: 8a477f597d28d172789f06886806bc55'
    const isCache = (content: string): boolean => isMarkedBy(CACHE_MARKER, Buffer.from(content))
    expect([
      isCache(signature),
      isCache(`${signature}\n# more`),
      isCache(signature.slice(0, -1)),
      isCache(''),
      isCache(` ${signature}`),
    ]).toEqual([...[true, true, false, false, false]])
  })

  it('takes any file where no header is asked for', () => {
    expect(isMarkedBy(parseExclusionMarker(byteStringOf('x')), new Uint8Array())).toBe(true)
  })
})
