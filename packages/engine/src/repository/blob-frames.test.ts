import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { compressAlways } from '../compression/zstd.ts'
import type { BlobId } from '../format/ids.ts'
import { decodeBlobNames, encodeBlobNames, FRAME_HEADER_BYTES, openFrame, readFrames, treeFrame, writeFrame } from './blob-frames.ts'

const plaintext = Buffer.from('{"nodes":[]}\n'.repeat(100))
const id = createHash('sha256').update(plaintext).digest('hex') as BlobId

function dataFrame(): Buffer {
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + plaintext.length)
  const head = { type: 'data', isCompressed: false, plaintextLength: plaintext.length } as const
  expect(writeFrame(frame, 0, { ...head, content: plaintext, digest: Buffer.from(id, 'hex') })).toBe(frame.length)
  return frame
}

test('frames are read as they were written', () => {
  const tree = treeFrame(id, { content: compressAlways(plaintext), plaintextLength: plaintext.length })
  const [first, second, ...others] = readFrames(Buffer.concat([dataFrame(), tree]))
  expect(others).toEqual([])
  expect(first).toMatchObject({ type: 'data', id, isCompressed: false, plaintextLength: 1300, contentLength: 1300 })
  expect(second).toMatchObject({ type: 'tree', id, isCompressed: true, plaintextLength: 1300 })
  for (const frame of [first, second]) expect(frame && Buffer.from(openFrame(frame)).equals(plaintext)).toBe(true)
  expect(second?.bytes.length).toBe(tree.length)
})

test('a frame that is cut off anywhere is refused', () => {
  const frame = dataFrame()
  for (const length of [1, 43, 44, 45, frame.length - 1]) {
    expect(() => [...readFrames(frame.subarray(0, length))]).toThrow('cut off')
  }
})

test('a frame whose content is another is not opened', () => {
  const frame = dataFrame()
  frame[FRAME_HEADER_BYTES] = 0
  const [damaged] = readFrames(frame)
  expect(() => damaged && openFrame(damaged)).toThrow('what was sent is another')
})

test('lengths beyond the limits are refused before anything is read', () => {
  for (const [at, value] of [
    [36, 0xffff_ffff],
    [36, 0],
    [40, 0xffff_ffff],
    [40, 1301],
  ] as const) {
    const frame = dataFrame()
    frame.writeUInt32LE(value, at)
    expect(() => [...readFrames(frame)]).toThrow('Cannot read a frame of a blob')
  }
})

test('names of blobs are read as they were written', () => {
  const names = [
    { type: 'data', id },
    { type: 'tree', id },
  ] as const
  expect(decodeBlobNames(encodeBlobNames(names))).toEqual(names)
  expect(() => decodeBlobNames(new Uint8Array(34))).toThrow('cut off')
  expect(() => decodeBlobNames(new Uint8Array(33).fill(2))).toThrow('unknown type')
})
