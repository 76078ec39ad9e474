import { expect, test } from 'vitest'
import { FRAME_HEADER_BYTES, readFrames, writeFrame } from '../../repository/blob-frames.ts'
import { frameBatches } from './frame-batches.ts'

function frameOf(length: number): Buffer {
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + length)
  const content = Buffer.alloc(length, length)
  writeFrame(frame, 0, { type: 'data', isCompressed: false, plaintextLength: length, digest: Buffer.alloc(32, length), content })
  return frame
}

async function* inPieces(bytes: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

const frames = [1, 500, 43, 44, 45, 2000, 7].map(frameOf)
const whole = Buffer.concat(frames)

test.each([1, 10, 44, 100, 5000])('a stream in pieces of %i bytes is cut where frames end', async (pieceBytes) => {
  const batches = await Array.fromAsync(frameBatches(inPieces(whole, pieceBytes), { batchBytes: 400 }))
  expect(Buffer.concat(batches.flatMap(({ pieces }) => pieces)).equals(whole)).toBe(true)
  for (const { pieces, lengthBytes } of batches) {
    const bytes = Buffer.concat(pieces)
    expect(bytes.length).toBe(lengthBytes)
    expect([...readFrames(bytes)].length).toBeGreaterThan(0)
  }
  expect(batches.length).toBe(3)
})

test('frames that came whole before the stream broke are given', async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield whole.subarray(0, whole.length - 3)
    throw new Error('broken')
  }
  const received: Uint8Array[] = []
  const reading = (async () => {
    for await (const { pieces } of frameBatches(broken())) received.push(...pieces)
  })()
  await expect(reading).rejects.toThrow('broken')
  expect(Buffer.concat(received).equals(Buffer.concat(frames.slice(0, -1)))).toBe(true)
})

test('a stream that ends within a frame is refused', async () => {
  await expect(Array.fromAsync(frameBatches(inPieces(whole.subarray(0, whole.length - 1), 100)))).rejects.toThrow('cut off')
  await expect(Array.fromAsync(frameBatches(inPieces(whole.subarray(0, 20), 100)))).rejects.toThrow('cut off')
})
