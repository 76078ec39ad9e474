import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { systemClock } from '@holdfast/engine'
import { ManualClock } from '@holdfast/engine/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { holdUntilSent } from './held-answer.ts'

/** More than any system takes for a connection before it is read. */
const SIZE_BYTES = 64 * 1024 * 1024

describe('the room of an answer', () => {
  const server = createServer()
  let socket: Socket
  let raw: ServerResponse
  let isHeld: boolean
  let room: Disposable

  beforeEach(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const asked = once(server, 'request')
    socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n')
    raw = ((await asked) as [unknown, ServerResponse])[1]
    isHeld = true
    room = {
      [Symbol.dispose]: () => {
        isHeld = false
      },
    }
  })
  afterEach(async () => {
    socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  it('is given back when the answer was taken, and the connection stays', async () => {
    holdUntilSent({ raw }, room, { sizeBytes: SIZE_BYTES, clock: systemClock })
    raw.end(Buffer.alloc(SIZE_BYTES))
    await new Promise((resolve) => setImmediate(resolve))
    expect(isHeld).toBe(true)
    const closed = once(raw, 'close')
    socket.resume()
    await closed
    expect([isHeld, socket.destroyed]).toEqual([false, false])
  })

  it('is given back when nobody takes the answer', async () => {
    holdUntilSent({ raw }, room, { sizeBytes: SIZE_BYTES, clock: systemClock, stallMs: 200 })
    raw.end(Buffer.alloc(SIZE_BYTES))
    await once(raw, 'close')
    expect([isHeld, raw.destroyed]).toEqual([false, true])
  })

  it('is given back when somebody takes the answer too slowly', async () => {
    const clock = new ManualClock()
    holdUntilSent({ raw }, room, { sizeBytes: SIZE_BYTES, clock })
    raw.end(Buffer.alloc(SIZE_BYTES))
    clock.tick()
    await once(raw, 'close')
    expect(isHeld).toBe(false)
  })

  it('is given back at once when the connection is gone', async () => {
    socket.destroy()
    await once(raw, 'close')
    holdUntilSent({ raw }, room, { sizeBytes: SIZE_BYTES, clock: systemClock })
    expect(isHeld).toBe(false)
  })
})
