import { connect } from 'node:net'
import { ManualClock } from '@holdfast/engine/testing'
import fastify from 'fastify'
import { expect, it } from 'vitest'
import { EventStream } from './event-stream.ts'

interface Served {
  readonly streams: EventStream[]
  readonly clock: ManualClock
  readonly port: number
  ended: number
  mayContinue: boolean
  close(): Promise<void>
}

async function serve(): Promise<Served> {
  const app = fastify()
  const served: Served = { streams: [], clock: new ManualClock(), port: 0, ended: 0, mayContinue: true, close: () => app.close() }
  app.get('/', (_request, reply) => {
    const mayContinue = async (): Promise<boolean> => served.mayContinue
    served.streams.push(new EventStream(reply, { clock: served.clock, mayContinue, onEnd: () => served.ended++ }))
  })
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  return Object.assign(served, { port: Number(new URL(address).port) })
}

it('cuts off a reader that does not read, and says once that it ended', async () => {
  const served = await serve()
  const socket = connect(served.port, '127.0.0.1')
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await expect.poll(() => served.streams.length).toBe(1)
  const [stream] = served.streams
  for (let count = 0; count < 1000 && served.ended === 0; count++) {
    stream?.send({ event: 'log', id: '1-1', data: 'x'.repeat(100_000) })
    await new Promise(setImmediate)
  }
  stream?.end()
  expect(served.ended).toBe(1)
  socket.destroy()
  await served.close()
})

it('beats while its reader may listen, and ends when that is over', async () => {
  const served = await serve()
  const response = await fetch(`http://127.0.0.1:${served.port}/`)
  await expect.poll(() => served.streams.length).toBe(1)
  served.streams[0]?.send({ event: 'run', id: '5-7', data: { text: 'two\nlines' } })
  served.clock.tick()
  await new Promise(setImmediate)
  served.mayContinue = false
  served.clock.tick()
  const text = await response.text()
  expect(text.replace(/^retry: \d{4}/, 'retry: N')).toBe('retry: N\n\nevent: run\nid: 5-7\ndata: {"text":"two\\nlines"}\n\n: \n\n')
  expect(served.ended).toBe(1)
  await served.close()
})
