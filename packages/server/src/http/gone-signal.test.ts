import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { goneSignal } from './gone-signal.ts'

describe('the signal that nobody waits for an answer', () => {
  const server = createServer()
  let socket: Socket
  let raw: ServerResponse

  beforeEach(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const asked = once(server, 'request')
    socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n')
    raw = ((await asked) as [unknown, ServerResponse])[1]
  })
  afterEach(async () => {
    socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  it('comes when the connection breaks', async () => {
    const signal = goneSignal({ raw }, new Error('gone'))
    expect(signal.aborted).toBe(false)
    socket.destroy()
    await once(signal, 'abort')
    expect(signal.reason).toMatchObject({ message: 'gone' })
  })

  it('is there at once when the connection broke before', async () => {
    socket.destroy()
    await once(raw, 'close')
    expect(goneSignal({ raw }).aborted).toBe(true)
  })
})
