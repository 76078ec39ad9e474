import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type BlobId, openRepository, openStorage, parseLocation } from '@holdfast/engine'
import { ManualClock, resticBinaries } from '@holdfast/engine/testing'
import type { RepositoryView, Run } from '@holdfast/protocol'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DAY_MS, LAB_PASSWORD, MaintenanceLab } from '../../testing/maintenance-lab.ts'
import { runRestic } from '../../testing/restic-lab.ts'
import { samplePlan } from '../../testing/sample-plans.ts'
import { allDatabases } from '../../testing/test-server.ts'
import { SERVER_ORIGIN } from '../audit/audit.ts'

const HOUR_MS = 3_600_000
const [{ path: restic } = { path: '' }] = resticBinaries()

for (const databases of allDatabases()) {
  describe(`maintenance on ${databases.name}`, () => {
    let lab: MaintenanceLab
    beforeEach(async () => {
      lab = await MaintenanceLab.start(await databases.create())
    })
    afterEach(() => lab[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    async function taskOf(kind: 'maintenance' | 'check') {
      return (await lab.maintenance()).tasks.find((task) => task.kind === kind)
    }

    /** The names of packs of data. */
    async function dataPacks(): Promise<readonly string[]> {
      const { index, packs } = await (await lab.open()).loadIndex()
      const entries = Array.from({ length: index.size }, (_, entry) => index.entryAt(entry))
      return entries.filter(({ type }) => type === 'data').map(({ pack }) => packs.idOf(pack))
    }

    it('has schedules from the beginning, which administrators change', async () => {
      await lab.work()
      const before = await lab.maintenance()
      expect(before.tasks.map(({ kind, dueAt }) => [kind, dueAt])).toEqual([
        ['maintenance', '2026-01-04T04:00:00.000Z'],
        ['check', '2026-01-04T05:00:00.000Z'],
      ])
      const prune = { schedule: { cron: '30 1 * * *', timeZone: 'Europe/Berlin' }, maxUnusedPercent: 0 }
      const after = await lab.request('PUT /maintenance', { ...before.settings, prune })
      expect(after.json()).toMatchObject({ settings: { prune }, tasks: [{ dueAt: '2026-01-04T00:30:00.000Z' }, {}] })
      const wrong = [
        { prune: { schedule: { cron: 'often' } } },
        { check: { schedule: { cron: '0 5 * * *', timeZone: 'Moon/Base' } } },
        { check: { schedule: { cron: '0 5 * * 0' }, readAllWithinDays: 5 } },
        { lowSpacePercent: 101 },
      ]
      for (const body of wrong) expect([body, (await lab.request('PUT /maintenance', body)).statusCode]).toEqual([body, 422])
      const refused = (await lab.request('PUT /maintenance', { check: { schedule: { cron: '0 5 * * *', timeZone: 'Moon/Base' } } })).json()
      expect(refused.fields).toEqual([
        { path: '/check/schedule/timeZone', message: 'there is none of that name', reason: 'not-a-time-zone' },
      ])
    })

    it('forgets what retention does not keep and prunes; register and index of files follow', async () => {
      const clientId = await lab.addClient('alpha', { versions: 2 })
      const plan = { ...samplePlan({ retention: { versions: 1 } }), repositoryId: lab.repositoryId }
      const { id: planId } = await lab.server.services.plans.createFor(clientId, { plan, origin: SERVER_ORIGIN })
      const expired = [
        await lab.save('plan, old', { ageDays: 9, clientId, planId }),
        await lab.save('client, old', { ageDays: 8, clientId }),
      ]
      const kept = [
        await lab.save('nobody', { ageDays: 90 }),
        await lab.save('pinned', { ageDays: 20, clientId, planId, isPinned: true }),
        await lab.save('client', { ageDays: 7, clientId }),
        await lab.save('client, newest', { ageDays: 6, clientId }),
        await lab.save('plan, newest', { ageDays: 5, clientId, planId }),
      ]
      const signal = new AbortController().signal
      await lab.server.services.indexer.catchUp(signal)
      const packs = lab.packs().length

      await lab.work()
      lab.later(20 * HOUR_MS)
      await lab.work()
      expect(new Set(await lab.present())).toEqual(new Set(kept))
      expect(await lab.registered()).toEqual(kept)
      await lab.server.services.indexer.catchUp(signal)
      const indexed = await lab.server.database.queries.selectFrom('search_snapshots').select('snapshot_id').execute()
      expect([indexed.length, expired.length]).toEqual([kept.length, 2])
      expect(lab.packs().length).toBeLessThan(packs)
      const checked = databases.name === 'SQLite' ? await runRestic(restic, ['check', '--read-data'], resticOptions(lab)) : { code: 0 }
      expect(checked.code).toBe(0)

      const [check, prune] = await lab.runs()
      expect(check).toMatchObject({ kind: 'check', state: 'finished', trigger: 'schedule' })
      expect(prune).toMatchObject({ kind: 'maintenance', state: 'finished', statistics: { other: { snapshotsForgotten: 2 } } })
      expect(await taskOf('maintenance')).toMatchObject({ dueAt: '2026-01-11T04:00:00.000Z', error: null, runId: prune?.id })
      const actions = await lab.server.database.queries.selectFrom('audit_entries').select('action').execute()
      expect(actions.map(({ action }) => action)).toEqual(expect.arrayContaining(['repository.pruned', 'repository.checked']))
    })

    it('says what would go without doing it, or does it at once, when it is asked', async () => {
      const clientId = await lab.addClient('alpha', { versions: 1 })
      const both = [await lab.save('old', { ageDays: 2, clientId }), await lab.save('new', { ageDays: 1, clientId })]
      const packs = lab.packs()
      const asked = await lab.request('POST /maintenance/run', { kind: 'maintenance', dryRun: true })
      expect([asked.statusCode, asked.json().tasks[0]]).toMatchObject([202, { isRequested: true }])
      await lab.work()
      expect([await lab.present(), lab.packs()]).toEqual([both, packs])
      const [run] = await lab.runs()
      expect(run).toMatchObject({ trigger: 'manual', isDryRun: true, state: 'finished', statistics: { other: { snapshotsForgotten: 1 } } })
      expect(await lab.logOf({ id: run?.id ?? 0 })).toContain('1 snapshots would be forgotten')
      expect(await taskOf('maintenance')).toMatchObject({ isRequested: false })

      await lab.request('POST /maintenance/run', { kind: 'maintenance' })
      // Once: the comparison of register and repository that follows would take the line out too.
      await lab.server.services.keeper.look()
      await lab.server.services.keeper.settled()
      expect([await lab.present(), await lab.registered()]).toEqual([both.slice(1), both.slice(1)])
      expect((await lab.runs())[0]).toMatchObject({ trigger: 'manual', isDryRun: false })
    })

    it('is done once by several processes, and by the next one when the first has died', async () => {
      await lab.save('text', { ageDays: 1 })
      const other = lab.anotherProcess()
      await lab.work()
      lab.later(20 * HOUR_MS)
      await Promise.all([lab.work(), lab.work(other)])
      // What each left to the other because it had the lease at that moment; servers look again after some seconds.
      await lab.work()
      expect((await lab.runs()).map(({ kind, state }) => [kind, state]).toSorted()).toEqual([
        ['check', 'finished'],
        ['maintenance', 'finished'],
      ])

      // What a process leaves behind that was killed in the middle.
      lab.later(7 * DAY_MS)
      const lease = { name: `maintenance ${lab.repositoryId}`, holder: 'dead', expires_at: lab.clock.now() + 60_000 }
      await lab.server.database.queries.insertInto('leases').values(lease).execute()
      await lockFor(lab.location, { agoMs: 40 * 60_000 })
      await lab.work(other)
      expect(await lab.runs()).toHaveLength(2)
      lab.later(61_000)
      await lab.work(other)
      const [, prune] = (await lab.runs()).toSorted((a, b) => a.kind.localeCompare(b.kind)).slice(-2)
      expect([(await lab.runs()).length, prune]).toMatchObject([4, { kind: 'maintenance', state: 'finished' }])
    })

    it('takes nothing from under the hands of another process: it reads the index anew', async () => {
      // So many small packs that a prune joins them.
      for (let ageDays = 11; ageDays > 0; ageDays--) await lab.save(`text ${ageDays}`, { ageDays })
      const { tree_id: tree } = await lab.server.database.queries
        .selectFrom('snapshots')
        .select('tree_id')
        .orderBy('time', 'desc')
        .executeTakeFirstOrThrow()
      const { repositories } = lab.anotherProcess()
      const read = async (): Promise<number> => {
        const indexed = await repositories.read(lab.repositoryId, { tree: tree as BlobId })
        return (await indexed.readTree(tree as BlobId)).nodes.length
      }
      expect(await read()).toBe(1)
      const packs = new Set(lab.packs())
      await lab.request('POST /maintenance/run', { kind: 'maintenance' })
      await lab.work()
      // Else the old index would do.
      expect(lab.packs().filter((pack) => packs.has(pack))).toEqual([])
      expect(await read()).toBe(1)
      await repositories.close()
    })

    it('waits for uploads and locks when it is due, and ends uploads when it is asked for', async () => {
      const clientId = await lab.addClient('alpha', null)
      const client = { clientId, clientName: 'alpha', username: 'root', repositoryId: lab.repositoryId, planId: null, runId: null }
      const { uploadId } = await lab.server.services.uploads.open(client, { paths: ['/home'] })
      await lab.work()
      lab.later(16.5 * HOUR_MS)
      await lab.work()
      expect([await lab.runs(), await taskOf('maintenance')]).toMatchObject([[], { dueAt: '2026-01-04T04:00:00.000Z', error: null }])
      expect(lab.server.services.uploads.has(uploadId)).toBe(true)
      await lab.request('POST /maintenance/run', { kind: 'maintenance' })
      await lab.work()
      expect(await lab.runs()).toMatchObject([{ kind: 'maintenance', state: 'finished' }])
      await expect(lab.server.services.uploads.call({ uploadId, clientId }, async () => undefined)).rejects.toMatchObject({
        code: 'not-found',
      })
    })

    it('reads a share of all data each time, and goes on where it was after a restart', async () => {
      for (let number = 0; number < 8; number++) await lab.save(`text ${number}`, { ageDays: 1 })
      // A prune would join the small packs.
      const prune = { schedule: { cron: null } }
      await lab.request('PUT /maintenance', { prune, check: { readAllWithinDays: 3 } })
      lab.later(17 * HOUR_MS)
      const read: number[] = []
      for (let day = 0; day < 3; day++) {
        await lab.work(lab.anotherProcess())
        const [check] = (await lab.runs()).filter(({ kind }) => kind === 'check')
        read.push(check?.statistics?.other?.packsRead ?? -1)
        if (day < 2) expect((await lab.maintenance()).reading).toMatchObject({ nextPart: day + 2, parts: 3 })
        lab.later(DAY_MS)
      }
      const partOf = (pack: string): number => Number.parseInt(basename(pack).slice(0, 2), 16) % 3
      expect(read).toEqual([0, 1, 2].map((part) => lab.packs().filter((pack) => partOf(pack) === part).length))
      await lab.request('POST /maintenance/run', { kind: 'check', readAll: true })
      await lab.work()
      expect((await lab.runs())[0]?.statistics?.other?.packsRead).toBe(lab.packs().length)
    })

    it('tells of damage, and that all is well again', async () => {
      await lab.server.request('POST /api/v1/channels', {
        as: 'root',
        body: {
          name: 'hook',
          events: ['run.failed', 'run.recovered'],
          config: { kind: 'webhook', url: 'http://127.0.0.1:9/', secret: 'sixteen letters!' },
        },
      })
      await lab.save('text', { ageDays: 1 })
      const [pack = ''] = lab.packs()
      const content = readFileSync(pack)
      rmSync(pack)
      await lab.request('POST /maintenance/run', { kind: 'check' })
      await lab.work()
      expect(await taskOf('check')).toMatchObject({ succeededAt: null, error: expect.stringContaining('The repository is damaged') })
      expect(await lab.runs()).toMatchObject([{ kind: 'check', state: 'error', error: { code: 'repository.damaged' } }])
      await lab.request('POST /maintenance/run', { kind: 'maintenance' })
      await lab.work()
      expect((await lab.runs())[0]).toMatchObject({ kind: 'maintenance', state: 'error' })
      const failed = await taskOf('maintenance')
      writeFileSync(pack, content)
      // A trial ends no alarm, nor is the error its own.
      await lab.request('POST /maintenance/run', { kind: 'maintenance', dryRun: true })
      await lab.work()
      expect((await lab.runs())[0]).toMatchObject({ state: 'finished', isDryRun: true })
      expect(await taskOf('maintenance')).toMatchObject({ error: failed?.error, runId: failed?.runId })
      await lab.request('POST /maintenance/run', { kind: 'check' })
      await lab.work()
      expect(await taskOf('check')).toMatchObject({ error: null, succeededAt: expect.any(String) })
      await expect.poll(() => toldOf(lab)).toEqual(['run.failed', 'run.failed', 'run.recovered'])
    })

    it('holds damage until a check has found it mended, though others read other data or cannot be carried out', async () => {
      const isOfFirstPart = (pack: string): boolean => Number.parseInt(pack.slice(0, 2), 16) % 3 === 0
      let spoilt = ''
      for (let number = 0; spoilt === ''; number++) {
        await lab.save(`text ${number}`, { ageDays: 1 })
        // A pack of trees would be read by every check.
        const name = (await dataPacks()).find(isOfFirstPart)
        spoilt = lab.packs().find((path) => basename(path) === name) ?? ''
      }
      const content = readFileSync(spoilt)
      writeFileSync(spoilt, content.with(20, (content[20] ?? 0) ^ 1))
      await lab.request('PUT /maintenance', { prune: { schedule: { cron: null } }, check: { readAllWithinDays: 3 } })
      const nextDay = async (durationMs = DAY_MS): Promise<Run | undefined> => {
        lab.later(durationMs)
        await lab.work()
        return (await lab.runs())[0]
      }
      const found = await nextDay(17 * HOUR_MS)
      expect(found?.error).toMatchObject({ code: 'repository.damaged' })
      expect(found?.error?.message).toBe(
        'The repository is damaged: 2 errors were found, 1 snapshot cannot be restored whole. ' +
          `To rescue what is sound, run, in this order: holdfast repair packs ${basename(spoilt)}; holdfast repair snapshots --forget`,
      )
      const damage = { runId: found?.id, message: found?.error?.message }
      expect(await taskOf('check')).toMatchObject({ error: damage.message, damage })

      const again = await nextDay()
      expect(again?.error).toMatchObject({ code: 'repository.damaged' })
      expect(await lab.logOf(again ?? { id: 0 })).toContain('part 2 to 2 of 3')
      expect(await taskOf('check')).toMatchObject({ damage: { runId: again?.id } })

      renameSync(lab.location, `${lab.location}-away`)
      const unfinished = await nextDay()
      expect(unfinished?.error).toMatchObject({ code: 'run.failed' })
      expect(await taskOf('check')).toMatchObject({ error: unfinished?.error?.message, damage: { runId: again?.id } })
      renameSync(`${lab.location}-away`, lab.location)

      writeFileSync(spoilt, content)
      expect(await nextDay()).toMatchObject({ state: 'finished' })
      expect(await taskOf('check')).toMatchObject({ error: null, damage: null })
    })

    it('takes a check that somebody cancelled for none that failed', async () => {
      await lab.save('text', { ageDays: 1 })
      await lab.work()
      const { repositories } = lab.server.services
      const share = repositories.share.bind(repositories)
      const begun = Promise.withResolvers<void>()
      // A storage that does not answer any more.
      repositories.share = (id, action) =>
        share(id, (repository, signal) => {
          repository.storage.read = (_file, _range, options) => {
            begun.resolve()
            return new Promise((_, reject) => options?.signal?.addEventListener('abort', () => reject(options.signal?.reason)))
          }
          return action(repository, signal)
        })
      const before = await taskOf('check')
      await lab.request('POST /maintenance/run', { kind: 'check' })
      const working = lab.work()
      await begun.promise
      const [run] = await lab.runs()
      expect((await lab.server.request(`POST /api/v1/runs/${run?.id}/cancel`, { as: 'root' })).statusCode).toBe(200)
      lab.clock.tick()
      await working
      expect(await lab.runs()).toMatchObject([{ id: run?.id, state: 'cancelled' }])
      expect(await taskOf('check')).toEqual({ ...before, startedAt: expect.any(String) })
    })

    it('takes in what others have made, lets go what they have removed, and counts', async () => {
      const data = join(lab.server.folder, 'data')
      mkdirSync(data)
      writeFileSync(join(data, 'one'), 'text'.repeat(50_000))
      writeFileSync(join(data, 'two'), 'text'.repeat(50_000))
      const options = resticOptions(lab)
      expect((await runRestic(restic, ['backup', '--tag', 'theirs', data], options)).code).toBe(0)
      expect(await lab.registered()).toEqual([])
      expect((await lab.request('POST /refresh')).statusCode).toBe(202)
      await lab.work()
      expect(await lab.registered()).toEqual(await lab.present())
      const listed = (await lab.server.request('GET /api/v1/snapshots', { as: 'root' })).json()
      expect(listed.items).toMatchObject([{ tags: ['theirs'], paths: [data], clientId: null }])
      const { statistics } = (await lab.request('GET ')).json() as RepositoryView
      expect(statistics).toMatchObject({ snapshotCount: 1, packCount: lab.packs().length, freeBytes: expect.any(Number) })
      expect(statistics?.restoreBytes).toBeGreaterThanOrEqual(400_000)
      expect(statistics?.deduplicationRatio).toBeGreaterThan(1.5)
      expect(statistics?.compressionRatio).toBeGreaterThan(10)
      expect((await runRestic(restic, ['forget', 'latest'], options)).code).toBe(0)
      lab.later(HOUR_MS)
      await lab.work()
      expect(await lab.registered()).toEqual([])
    })

    it('says of the counting whether it is due, and why it failed', async () => {
      const counting = async () => (await lab.maintenance()).counting
      await lab.work()
      expect(await counting()).toEqual({ isDue: false, error: null })
      renameSync(lab.location, `${lab.location}.away`)
      await lab.request('POST /refresh')
      expect(await counting()).toEqual({ isDue: true, error: null })
      await lab.work()
      expect(await counting()).toEqual({ isDue: false, error: expect.stringMatching(/^Cannot /) })
      renameSync(`${lab.location}.away`, lab.location)
      await lab.request('POST /refresh')
      await lab.work()
      expect(await counting()).toEqual({ isDue: false, error: null })
    })

    it('leaves a snapshot to its client whose tags restic has changed', async () => {
      const clientId = await lab.addClient('alpha', null)
      await lab.save('text', { ageDays: 1, clientId })
      const listed = async () => (await lab.server.request('GET /api/v1/snapshots', { as: 'root' })).json().items
      const [before] = await listed()
      expect((await runRestic(restic, ['tag', '--set', 'theirs', before.snapshotId], resticOptions(lab))).code).toBe(0)
      await lab.request('POST /refresh')
      await lab.work()
      const [after, ...others] = await listed()
      expect(others).toEqual([])
      expect(after).toMatchObject({ id: before.id, clientId, tags: ['theirs'] })
      expect(await lab.registered()).toEqual(await lab.present())
    })

    it('says once that space runs low, and once that it is there again', async () => {
      const body = { name: 'hook', events: ['repository.low-space'], config: { kind: 'ntfy', url: 'http://127.0.0.1:9/x' } }
      await lab.server.request('POST /api/v1/channels', { as: 'root', body })
      const { settings } = await lab.maintenance()
      for (const lowSpacePercent of [0, 99, 99, 0, 0]) {
        await lab.request('PUT /maintenance', { ...settings, lowSpacePercent })
        await lab.request('POST /refresh')
        await lab.work()
      }
      const rows = await lab.server.database.queries.selectFrom('deliveries').select('message').orderBy('id').execute()
      expect(rows.map(({ message }) => (JSON.parse(message) as { isGood: boolean }).isGood)).toEqual([false, true])
    })
  })
}

function resticOptions({ location }: MaintenanceLab): { readonly location: string; readonly password: string } {
  return { location, password: LAB_PASSWORD }
}

/** Leaves the lock of a process behind that has locked a repository alone so long ago, and died. */
async function lockFor(location: string, { agoMs }: { readonly agoMs: number }): Promise<void> {
  const storage = await openStorage(parseLocation(location), {})
  const repository = await openRepository(storage, { password: LAB_PASSWORD, clock: new ManualClock(Date.now() - agoMs) })
  await repository.lock({ exclusive: true })
}

async function toldOf(lab: MaintenanceLab): Promise<string[]> {
  const rows = await lab.server.database.queries.selectFrom('deliveries').select('message').orderBy('id').execute()
  return rows.map(({ message }) => (JSON.parse(message) as { event: string }).event)
}
