import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** What each thread does: it loads the add-ons and calls them without end. */
const THREAD = `
  import { sodiumPoly1305 } from '${new URL('../crypto/sodium.ts', import.meta.url)}'
  import { libc } from '${new URL('./libc.ts', import.meta.url)}'
  const [message, mac, key] = [100, 16, 32].map((length) => Buffer.alloc(length))
  for (;;) {
    libc().getpwuid(0)
    sodiumPoly1305(message, mac, { key })
  }
`

/** A process that ends threads in the midst of that, mostly while the add-ons are being loaded. */
const PROCESS = `
  import { Worker } from 'node:worker_threads'
  import { endThread, newEndableThread } from '${new URL('./native-calls.ts', import.meta.url)}'
  const thread = new URL('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(THREAD))})
  for (let round = 0; round < 40; round++) {
    const start = newEndableThread()
    const worker = new Worker(thread, { workerData: start })
    await new Promise((resolve) => setTimeout(resolve, 60 + round))
    await endThread(worker, start)
  }
  console.log('alive')
`

test('threads are ended in the midst of native calls, and the process lives on', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', PROCESS])
  expect(stdout).toBe('alive\n')
})
