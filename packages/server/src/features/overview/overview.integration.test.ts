import type { About, Calendar, History, Overview, RepositoryStatisticsView } from '@holdfast/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import { quickest } from '../../testing/quickest.ts'
import { addClientRow, addPlanRow, addRepositoryRow, addRunRows } from '../../testing/sample-plans.ts'
import { allDatabases, TestServer } from '../../testing/test-server.ts'
import { MaintenanceStore } from '../maintenance/store.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const RUNS = 100_000
/** Generous: it is about whether an index answers, not about the machine. */
const ANSWER_MS_MAX = 2000

for (const databases of allDatabases()) {
  const start = async (): Promise<TestServer> => {
    return TestServer.start({ databaseUrl: await databases.create() })
  }
  const get = async <Answer>(server: TestServer, route: string, as: string): Promise<Answer> => {
    const answer = await server.request(`GET /api/v1/${route}`, { as })
    expect(answer.statusCode, answer.body).toBe(200)
    return answer.json()
  }

  describe(`the overview on ${databases.name}`, () => {
    afterAll(() => databases.stop())

    it('shows what needs somebody first, to whom it concerns', async () => {
      await using server = await start()
      await prepare(server)
      const all = await get<Overview>(server, 'overview', 'root')
      expect(all.attention.items.map(({ kind, clientName, planName }) => [kind, clientName, planName])).toEqual([
        ['plan-failed', 'ann’s mail', 'letters'],
        ['client-overdue', 'bob’s nas', null],
        ['plan-overdue', 'ann’s mail', 'pictures'],
        ['agent-silent', 'ann’s mail', null],
        ['client-never-backed-up', 'ann’s empty', null],
        ['agent-never-came', 'ann’s new', null],
      ])
      expect(all.attention.total).toBe(6)
      expect(all.attention.items[0]).toMatchObject({
        severity: 'critical',
        since: '1970-01-01T00:00:01.000Z',
        error: { code: 'run.failed', message: 'No space' },
        runId: expect.any(Number),
        planId: expect.any(Number),
        clientId: expect.any(Number),
      })
      expect(all.clients).toEqual({ total: 5, protected: 0, failed: 1, overdue: 1, never: 2, disabled: 1, new: 0 })
      const ann = await get<Overview>(server, 'overview', 'ann')
      expect(ann.attention.items.map(({ clientName }) => clientName)).toEqual([
        'ann’s mail',
        'ann’s mail',
        'ann’s mail',
        'ann’s empty',
        'ann’s new',
      ])
      expect(ann.clients.total).toBe(4)
      const bob = await get<Overview>(server, 'overview', 'bob')
      expect(bob.attention).toMatchObject({ total: 1, items: [{ kind: 'client-overdue', clientName: 'bob’s nas' }] })
      expect(bob.plans).toEqual({ total: 0, enabled: 0 })
      expect(await get<Overview>(server, 'overview', 'nobody')).toMatchObject({
        attention: { items: [], total: 0 },
        clients: { total: 0 },
        data: { snapshots: 0, protectedBytes: 0, storedBytes: 0, savedShare: null },
      })
    })

    it('asks nobody for the first backup of clients that are new, and says how many they are', async () => {
      await using server = await start()
      await server.addUser('root', 'admin')
      const ownerId = await server.addUser('ann', 'operator')
      const repositoryId = await addRepositoryRow(server.database)
      const add = async (name: string, changes: object = {}): Promise<number> => {
        const id = await addClientRow(server.database, { name, ownerId })
        await server.database.queries
          .updateTable('clients')
          .set({ created_at: Date.now(), token_hash: name, ...changes })
          .where('id', '=', id)
          .execute()
        return id
      }
      await add('new')
      await add('not in yet', { token_hash: null })
      await add('off', { is_disabled: 1 })
      await add('late', { created_at: Date.now() - 10_000, overdue_after_ms: 1000 })
      await add('backed up', { last_backup_at: Date.now() })
      await addPlanRow(server.database, { clientId: await add('behind'), repositoryId, isOverdue: true })
      await add('not so new', { created_at: Date.now() - 2 * HOUR_MS })
      for (const as of ['root', 'ann']) {
        const { attention, clients } = await get<Overview>(server, 'overview', as)
        expect(clients, as).toEqual({ total: 7, protected: 1, failed: 0, overdue: 2, never: 3, disabled: 1, new: 2 })
        const named = new Set(attention.items.flatMap(({ clientName }) => clientName ?? []))
        // Every client that is not protected is either named, or new.
        expect(named, as).toEqual(new Set(['late', 'behind', 'not so new']))
        expect(clients.protected + clients.disabled + clients.new + named.size, as).toBe(clients.total)
      }
    })

    it('adds up what is protected and stored: everything for administrators, their own for others', async () => {
      await using server = await start()
      const { repositoryId, ids } = await prepare(server)
      const statistics = figures({ restoreBytes: 4000, contentBytes: 1000, storedBytes: 500 })
      await new MaintenanceStore(server.database.queries).setStatistics(repositoryId, statistics)
      await addSnapshots(server, { repositoryId, clientId: ids.ann, sizes: [1000, 1000] })
      await addSnapshots(server, { repositoryId, clientId: ids.bob, sizes: [300] })
      expect((await get<Overview>(server, 'overview', 'root')).data).toEqual({
        ...{ snapshots: 3, protectedBytes: 4000, storedBytes: 500, deduplicationRatio: 4, compressionRatio: 2, savedShare: 0.875 },
      })
      expect((await get<Overview>(server, 'overview', 'ann')).data).toEqual({
        ...{ snapshots: 2, protectedBytes: 2000, storedBytes: 200, deduplicationRatio: null, compressionRatio: null, savedShare: 0.9 },
      })
      expect((await get<Overview>(server, 'overview', 'bob')).data).toMatchObject({ snapshots: 1, protectedBytes: 300, storedBytes: 30 })
    })

    it('tells administrators of repositories that are in trouble', async () => {
      await using server = await start()
      await server.addUser('root', 'admin')
      await server.addUser('ann', 'operator')
      const { database } = server
      const store = new MaintenanceStore(database.queries)
      const low = await addRepositoryRow(database, { name: 'low' })
      const filling = await addRepositoryRow(database, { name: 'filling', isDefault: false })
      const damaged = await addRepositoryRow(database, { name: 'damaged', isDefault: false })
      await store.setStatistics(low, figures({ freeBytes: 5, capacityBytes: 100 }))
      for (const [days, freeBytes] of [
        [3, 600],
        [2, 500],
        [1, 400],
        [0, 300],
      ] as const)
        await store.setStatistics(filling, figures({ freeBytes, capacityBytes: 1000 }, days))
      for (const id of [filling, damaged]) await store.add({ repository_id: id, kind: 'check' }, null)
      const longAgo = Date.now() - 40 * DAY_MS
      const memory = JSON.stringify({ parts: 30, nextPart: 3, startedAt: longAgo })
      await store.change({ repository_id: filling, kind: 'check' }, { succeeded_at: Date.now(), memory })
      const damage = JSON.stringify({ runId: 3, message: 'The repository is damaged', packs: [] })
      const interrupted = { started_at: 6000, error: 'no answer', run_id: 4 }
      await store.change({ repository_id: damaged, kind: 'check' }, { ...interrupted, damage })
      const away = await addRepositoryRow(database, { name: 'away', isDefault: false })
      for (const kind of ['check', 'refresh'] as const) {
        await store.add({ repository_id: away, kind }, null)
        await store.change({ repository_id: away, kind }, { ...interrupted, started_at: 7000 })
      }
      const { attention } = await get<Overview>(server, 'overview', 'root')
      expect(attention.items.map(({ kind, repositoryName, figure }) => [kind, repositoryName, figure])).toEqual([
        ['repository-check-failed', 'damaged', null],
        ['repository-unreachable', 'away', null],
        ['repository-low-space', 'low', 5],
        ['repository-never-checked', 'low', null],
        ['repository-check-unfinished', 'damaged', null],
        ['repository-not-read', 'filling', 30],
        ['repository-filling', 'filling', 3],
      ])
      expect((await get<Overview>(server, 'overview', 'ann')).attention.items).toEqual([])
    })

    it('shows backups day by day where the user is', async () => {
      await using server = await start()
      const { ids, planId } = await prepare(server)
      const today = Math.floor((Date.now() + 9 * 3_600_000) / DAY_MS) * DAY_MS - 9 * 3_600_000
      await addRunRows(server.database, [
        { state: 'finished', clientId: ids.ann, planId, createdAt: today, addedBytes: 7 },
        { state: 'finished', clientId: ids.bob, planId, createdAt: today, addedBytes: 5 },
        { state: 'error', clientId: ids.ann, planId, createdAt: today - 1 },
        { state: 'cancelled', clientId: ids.ann, planId, createdAt: today - 1 },
        { state: 'cancelled', clientId: ids.ann, planId, createdAt: today - 1, isMissed: true },
        { state: 'pending', clientId: ids.ann, planId, createdAt: today },
      ])
      const { days } = await get<Calendar>(server, 'overview/calendar?days=3&timeZone=Asia/Tokyo', 'root')
      expect(days).toMatchObject([
        { finished: 0, error: 0 },
        { finished: 0, error: 1, cancelled: 1, missed: 1, addedBytes: 0 },
        { finished: 2, error: 0, cancelled: 0, missed: 0, addedBytes: 12, since: new Date(today).toISOString() },
      ])
      const own = await get<Calendar>(server, 'overview/calendar?days=1&timeZone=Asia/Tokyo', 'bob')
      expect(own.days).toMatchObject([{ finished: 1, addedBytes: 5 }])
      expect((await get<Calendar>(server, 'overview/calendar', 'nobody')).days).toHaveLength(30)
      for (const query of ['timeZone=Mars', 'timeZone=', 'days=0', 'days=401'])
        expect((await server.request(`GET /api/v1/overview/calendar?${query}`, { as: 'root' })).statusCode, query).toBe(422)
    })

    it('shows how repositories have grown, one row a day', async () => {
      await using server = await start()
      await server.addUser('root', 'admin')
      await server.addUser('ann', 'viewer')
      const store = new MaintenanceStore(server.database.queries)
      const main = await addRepositoryRow(server.database)
      const other = await addRepositoryRow(server.database, { name: 'other', isDefault: false })
      for (const [days, storedBytes] of [
        [9, 100],
        [2, 200],
        [1, 290],
        [1, 300],
        [0, 400],
      ] as const)
        await store.setStatistics(main, figures({ storedBytes, freeBytes: 1000 - storedBytes, capacityBytes: 1000 }, days))
      await store.setStatistics(other, figures({ storedBytes: 5 }, 1))
      const own = await get<History>(server, `repositories/${main}/history?days=3`, 'ann')
      expect(own.days.map(({ storedBytes, freeBytes }) => [storedBytes, freeBytes])).toEqual([
        [200, 800],
        [300, 700],
        [400, 600],
      ])
      expect(own.daysUntilFull).toBeGreaterThan(10)
      const all = await get<History>(server, 'overview/history?days=3', 'root')
      expect(all.days.map(({ storedBytes }) => storedBytes)).toEqual([200, 305, 405])
      expect(all.daysUntilFull).toBe(own.daysUntilFull)
      expect(await get<History>(server, 'overview/history', 'ann')).toEqual({ days: [], daysUntilFull: null })
      expect((await server.request('GET /api/v1/repositories/99/history', { as: 'root' })).statusCode).toBe(404)
    })

    it(`does not wait where there are ${RUNS} runs`, async () => {
      await using server = await start()
      const { ids, planId } = await prepare(server)
      const now = Date.now()
      const runs = Array.from({ length: RUNS }, (_, run) => ({
        state: run % 10 === 0 ? ('error' as const) : ('finished' as const),
        clientId: run % 2 === 0 ? ids.ann : ids.bob,
        planId,
        createdAt: now - Math.floor((run / RUNS) * 390 * DAY_MS),
        addedBytes: run,
      }))
      await addRunRows(server.database, runs)
      const took: string[] = []
      for (const as of ['root', 'ann']) {
        for (const route of ['overview', 'overview/calendar?days=30&timeZone=Europe/Berlin', 'overview/calendar?days=400']) {
          const { ms } = await quickest(ANSWER_MS_MAX, () => get(server, route, as))
          took.push(`${as} ${route} ${ms.toFixed(0)}`)
          expect(ms).toBeLessThan(ANSWER_MS_MAX)
        }
      }
      process.stdout.write(`${databases.name}, ms: ${took.join(', ')}\n`)
      // Clocks change twice in that time, and each run is in the day that it was made in.
      const { days } = await get<Calendar>(server, 'overview/calendar?days=400&timeZone=Europe/Berlin', 'root')
      const failed = runs.filter(({ state }) => state === 'error').map(({ createdAt }) => createdAt)
      expect(days.map(({ error }) => error)).toEqual(
        days.map(({ since, until }) => failed.filter((at) => at >= Date.parse(since) && at < Date.parse(until)).length),
      )
    }, 120_000)

    it('says what the server is made of, and where things are to administrators alone', async () => {
      await using server = await start()
      await server.addUser('root', 'admin')
      await server.addUser('ann', 'viewer')
      const root = await get<About>(server, 'about', 'root')
      expect(root.database.kind).toBe(databases.name === 'SQLite' ? 'sqlite' : 'postgres')
      expect(root.database.version).toMatch(/^\d+\.\d+/)
      expect(root.node).toBe(process.versions.node)
      expect(root.dataFolder).toBe(server.folder)
      expect(root.tools.find(({ name }) => name === 'restic')).toMatchObject({ isFound: true, path: expect.stringContaining('/restic') })
      const ann = await get<About>(server, 'about', 'ann')
      expect(ann.dataFolder).toBeNull()
      expect(ann.tools.map(({ version }) => version)).toEqual(root.tools.map(({ version }) => version))
      expect(ann.tools.every(({ path }) => path === null)).toBe(true)
    })
  })
}

function figures(changes: Partial<RepositoryStatisticsView>, daysAgo = 0): RepositoryStatisticsView {
  return {
    countedAt: new Date(Date.now() - daysAgo * DAY_MS).toISOString(),
    ...{ snapshotCount: 1, storedBytes: 100, contentBytes: 200, restoreBytes: 400, blobCount: 1, packCount: 1 },
    ...{ deduplicationRatio: 2, compressionRatio: 2, freeBytes: null, capacityBytes: null },
    ...changes,
  }
}

/** Users with clients in all kinds of trouble. */
async function prepare(server: TestServer): Promise<{
  readonly repositoryId: number
  readonly planId: number
  readonly ids: { readonly ann: number; readonly bob: number }
}> {
  const { database } = server
  await server.addUser('root', 'admin')
  await server.addUser('nobody', 'viewer')
  const [annsId, bobsId] = [await server.addUser('ann', 'operator'), await server.addUser('bob', 'viewer')]
  const repositoryId = await addRepositoryRow(database)
  // So that it is not told of as one that was never checked.
  await database.queries.updateTable('repositories').set({ has_key: 0 }).execute()
  const change = (id: number, changes: object) => database.queries.updateTable('clients').set(changes).where('id', '=', id).execute()
  const ann = await addClientRow(database, { name: 'ann’s mail', ownerId: annsId })
  await change(ann, { token_hash: 'a', last_ping_at: Date.now() - 4 * DAY_MS, last_backup_at: 1000 })
  const planId = await addPlanRow(database, { clientId: ann, repositoryId, name: 'letters', isOverdue: true })
  await addPlanRow(database, { clientId: ann, repositoryId, name: 'pictures', isOverdue: true })
  await addRunRows(database, [{ state: 'error', clientId: ann, planId }])
  await database.queries.updateTable('plans').set({ overdue_at: 2000 }).where('name', '=', 'pictures').execute()
  await addClientRow(database, { name: 'ann’s new', ownerId: annsId })
  const empty = await addClientRow(database, { name: 'ann’s empty', ownerId: annsId })
  await change(empty, { token_hash: 'b', last_ping_at: Date.now(), created_at: Date.now() - 2 * DAY_MS })
  const off = await addClientRow(database, { name: 'ann’s old', ownerId: annsId })
  await change(off, { is_disabled: 1, token_hash: 'd', last_ping_at: 1 })
  await addPlanRow(database, { clientId: off, repositoryId, isOverdue: true })
  const bob = await addClientRow(database, { name: 'bob’s nas', ownerId: bobsId })
  await change(bob, { token_hash: 'c', last_ping_at: Date.now(), last_backup_at: 500, overdue_after_ms: 500 })
  return { repositoryId, planId, ids: { ann, bob } }
}

async function addSnapshots(
  server: TestServer,
  { repositoryId, clientId, sizes }: { readonly repositoryId: number; readonly clientId: number; readonly sizes: readonly number[] },
): Promise<void> {
  const rows = sizes.map((size, index) => ({
    snapshot_id: `${clientId}-${index}`,
    repository_id: repositoryId,
    client_id: clientId,
    ...{ time: 1, tree_id: '', hostname: '', paths: '[]', tags: '[]', is_pinned: 0 },
    ...{ size_bytes: size, file_count: 1, added_bytes: size / 10 },
  }))
  await server.database.queries.insertInto('snapshots').values(rows).execute()
}
