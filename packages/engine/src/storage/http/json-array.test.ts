import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readJsonArray } from './json-array.ts'

function read(...chunks: readonly (string | Buffer)[]): Promise<unknown[]> {
  return Array.fromAsync(readJsonArray(Readable.from(chunks.map((chunk) => Buffer.from(chunk)))))
}

describe('readJsonArray', () => {
  it('gives what JSON.parse gives, however the text is cut', async () => {
    const property = fc.asyncProperty(fc.array(fc.jsonValue()), fc.array(fc.nat(200), { maxLength: 5 }), async (values, cuts) => {
      const bytes = Buffer.from(` ${JSON.stringify(values, undefined, 1)}\n`)
      const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((one, other) => one - other), bytes.length]
      const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end))
      expect(await read(...chunks)).toEqual(JSON.parse(bytes.toString()))
    })
    await fc.assert(property, { numRuns: 300 })
  })

  it.each([['[]'], [' [ ] '], ['null'], ['nu', 'll\n']])('has no elements in %s', async (...chunks) => {
    expect(await read(...chunks)).toEqual([])
  })

  it.each(['', '{}', '<html>', '"x"', '[1', '["x', '[1] x', '[1][', 'nullx', '[1 2]'])('refuses %j', async (text) => {
    await expect(read(text)).rejects.toThrow(SyntaxError)
  })

  it('refuses an element that does not end', async () => {
    let sent = 0
    function* endless(): Iterable<Buffer> {
      yield Buffer.from('["')
      for (; sent < 1000; sent++) yield Buffer.alloc(10_000, 'x')
    }
    await expect(Array.fromAsync(readJsonArray(Readable.from(endless())))).rejects.toThrow('too long')
    expect(sent).toBeLessThan(50)
  })
})
