import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '@holdfast/engine/testing'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../../db/database.ts'
import { Leases } from '../../db/leases.ts'
import { migrate } from '../../db/migrate.ts'
import { allDatabases } from '../../testing/test-server.ts'
import { UploadWriters } from './upload-writers.ts'

for (const databases of allDatabases()) {
  describe(`writers of repositories on ${databases.name}`, () => {
    let folder: string
    let database: Database
    let clock: ManualClock
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'holdfast-writers-'))
      clock = new ManualClock(1e12)
      database = openDatabase((await databases.create()) ?? `sqlite:${join(folder, 'holdfast.db')}`)
      await migrate(database, { clock })
    })
    afterEach(async () => {
      await database.close()
      rmSync(folder, { recursive: true, force: true })
    })
    afterAll(() => databases.stop())

    /** A process. Its own clock makes it live: one that is never ticked does nothing any more. */
    function processAt(url: string, ticking = new ManualClock(1e12)): UploadWriters {
      const ownClock = { now: () => clock.now(), sleep: ticking.sleep.bind(ticking), every: ticking.every.bind(ticking) }
      const writers = new UploadWriters({ leases: new Leases(database.queries, ownClock), clock: ownClock })
      writers.start(url)
      return writers
    }

    it('are followed by another process when they have died, and not while they live', async () => {
      const alive = new ManualClock(1e12)
      const first = processAt('http://first', alive)
      const second = processAt('http://second')
      expect(await first.writerOf(1)).toBeUndefined()
      await first.began('upload')
      for (let elapsedMs = 0; elapsedMs < 300_000; elapsedMs += 15_000) {
        clock.advance(15_000)
        alive.tick()
        await expect.poll(async () => (await leaseOf('writer 1'))?.expires_at).toBeGreaterThan(clock.now() + 30_000)
        expect(await second.writerOf(1)).toBe('http://first')
      }
      expect(await second.processOf('upload')).toBe('http://first')

      clock.advance(59_000)
      expect(await second.writerOf(1)).toBe('http://first')
      clock.advance(2000)
      expect(await second.writerOf(1)).toBeUndefined()
      // The first was only slow: it hands uploads on from now.
      expect(await first.writerOf(1)).toBe('http://second')
      alive.tick()
      expect(await first.writerOf(1)).toBe('http://second')
    })

    it('never are two at once, however many ask at the same moment', async () => {
      const processes = Array.from({ length: 8 }, (_, index) => processAt(`http://process-${index}`))
      const answers = await Promise.all(processes.map((one) => one.writerOf(1)))
      expect(answers.filter((answer) => answer === undefined)).toHaveLength(1)
      const writer = `http://process-${answers.indexOf(undefined)}`
      expect(new Set(answers.filter((answer) => answer !== undefined))).toEqual(new Set([writer]))
    })

    it('let go at once when they stop in good order', async () => {
      const first = processAt('http://first')
      const second = processAt('http://second')
      await first.writerOf(1)
      await first.stop()
      expect(await second.writerOf(1)).toBeUndefined()
    })

    async function leaseOf(name: string): Promise<{ readonly expires_at: number } | undefined> {
      return database.queries.selectFrom('leases').select('expires_at').where('name', '=', name).executeTakeFirst()
    }
  })
}
