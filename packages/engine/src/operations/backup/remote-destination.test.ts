import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EngineError } from '../../errors.ts'
import { byteStringOf } from '../../format/byte-string.ts'
import { systemClock } from '../../host/clock.ts'
import { currentIdentity } from '../../host/machine.ts'
import { BLOB_NAME_BYTES } from '../../repository/blob-frames.ts'
import { backup } from './backup.ts'
import { type RemoteStore, SEND } from './remote-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-remote-'))
// More than a worker has buffers for, and all of it kept back until the end.
beforeAll(() => writeFileSync(join(folder, 'file'), randomBytes(15.5 * 1024 * 1024)))
afterAll(() => rmSync(folder, { recursive: true }))

test('a store that fails when everything is read already ends the backup', async () => {
  const failing: RemoteStore = {
    location: 'nowhere',
    clock: systemClock,
    identity: currentIdentity(),
    chunkerPolynomial: '3da3358b4dc173',
    ask: async (names) => ({ nonce: new Uint8Array(32), verdicts: new Uint8Array(names.length / BLOB_NAME_BYTES).fill(SEND) }),
    prove: async () => undefined,
    send: async () => {
      await systemClock.sleep(100)
      throw new EngineError('storage.unavailable', 'Cannot send: nobody is there')
    },
    readTree: async () => new Uint8Array(),
    saveSnapshot: async () => expect.fail('there is nothing to make a snapshot of'),
  }
  const running = backup(failing, { targets: [byteStringOf(folder)], absolutePaths: [folder], readConcurrency: 1 })
  await expect(running).rejects.toMatchObject({ code: 'storage.unavailable' })
}, 10_000)
