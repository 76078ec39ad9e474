import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { secureRandom } from '@holdfast/engine'
import { type ResticBinary, resticBinaries } from '@holdfast/engine/testing'
import type { Client, SnapshotView } from '@holdfast/protocol'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LabLogin, nameOf, ResticLab, runRestic } from '../testing/restic-lab.ts'
import { allDatabases } from '../testing/test-server.ts'

const [INSTALLED, CURRENT] = resticBinaries()
if (INSTALLED === undefined || CURRENT === undefined) throw new Error('two restic programs are needed')

for (const databases of allDatabases()) {
  describe(`stock restic on ${databases.name}`, () => {
    let lab: ResticLab
    let source: string

    beforeEach(async () => {
      const databaseUrl = await databases.create()
      lab = await ResticLab.start({ databaseUrl })
      source = makeSource()
    })
    afterEach(async () => {
      await lab[Symbol.asyncDispose]()
      rmSync(source, { recursive: true, force: true })
    })
    afterAll(() => databases.stop())

    it.each(databases.name === 'SQLite' ? [INSTALLED, CURRENT] : [CURRENT])(
      '$version makes, fills, reads and checks a repository that only it has the key of',
      async (restic) => {
        const repository = await lab.addRepository('own room/ä', 'client')
        const login = await lab.addClient('laptop: mine')
        await lab.grant(login, repository)
        const location = lab.locationOf('own room/ä', login)
        await expectSuccess(runRestic(restic.path, ['init'], { location }))
        await backUpAndRestore(restic, { location, source })
        const { output } = await runRestic(restic.path, ['init'], { location })
        expect(output).toMatch(/already (exists|initialized)/)
        await expect.poll(async () => (await clientOf(lab, login)).lastBackupAt).not.toBeNull()
      },
    )

    it('notices snapshots of a repository that it has the key of, and whose they are', async () => {
      const repository = await lab.addRepository('main', 'create')
      const login = await lab.addClient('laptop')
      await lab.grant(login, repository, { isFull: true })
      const location = lab.locationOf('main', login)
      const junk = Buffer.from('no snapshot at all')
      expect((await lab.raw(`POST main/snapshots/${nameOf(junk)}`, { login, body: junk })).status).toBe(200)
      expect((await lab.raw(`DELETE main/snapshots/${nameOf(junk)}`, { login: await otherClient(lab, repository) })).status).toBe(403)
      await expect.poll(() => lab.server.database.queries.selectFrom('restic_arrivals').selectAll().execute()).toEqual([])
      expect(await snapshotsOf(lab, login)).toEqual([])
      expect((await lab.raw(`DELETE main/snapshots/${nameOf(junk)}`, { login })).status).toBe(200)
      await expectSuccess(runRestic(CURRENT.path, ['backup', source, '--tag', 'nightly'], { location }))
      await expect.poll(async () => (await snapshotsOf(lab, login)).length).toBe(1)
      expect(await snapshotsOf(lab, login)).toMatchObject([{ clientId: login.clientId, paths: [source], tags: ['nightly'] }])
      const [pinned] = await snapshotsOf(lab, login)
      await lab.server.request(`PATCH /api/v1/snapshots/${pinned?.id}`, { as: 'root', body: { isPinned: true } })
      expect((await runRestic(CURRENT.path, ['forget', 'latest'], { location })).output).toContain('403')
      expect((await snapshotsOf(lab, login)).map(({ id }) => id)).toEqual([pinned?.id])
      await lab.server.request(`PATCH /api/v1/snapshots/${pinned?.id}`, { as: 'root', body: { isPinned: false } })
      writeFileSync(join(source, 'more'), 'more')
      await expectSuccess(runRestic(CURRENT.path, ['backup', source], { location }))
      await expectSuccess(runRestic(CURRENT.path, ['forget', '--keep-last', '1', '--prune', '--group-by', ''], { location }))
      await expect.poll(async () => (await snapshotsOf(lab, login)).map(({ tags }) => tags)).toEqual([[]])
      await expectSuccess(runRestic(CURRENT.path, ['check', '--read-data'], { location }))
    })
  })
}

describe('append-only', () => {
  it('lets restic add, and neither forget, prune nor remove a key', async () => {
    await using lab = await ResticLab.start()
    const source = makeSource()
    const repository = await lab.addRepository('main', 'create')
    const login = await lab.addClient('laptop')
    await lab.grant(login, repository)
    const location = lab.locationOf('main', login)
    await expectSuccess(runRestic(CURRENT.path, ['backup', source], { location }))
    writeFileSync(join(source, 'second'), secureRandom(100_000))
    await expectSuccess(runRestic(CURRENT.path, ['backup', source], { location }))
    const before = (await lab.raw('GET main/snapshots/', { login })).body.toString()
    expect(JSON.parse(before)).toHaveLength(2)
    const forget = await runRestic(CURRENT.path, ['forget', '--keep-last', '1', '--prune'], { location })
    expect(forget.output).toContain('403')
    expect((await lab.raw('GET main/snapshots/', { login })).body.toString()).toBe(before)
    await expectSuccess(runRestic(CURRENT.path, ['check', '--read-data'], { location }))
    expect((await lab.raw('GET main/locks/', { login })).body.toString()).toBe('[]')
    rmSync(source, { recursive: true })
  })
})

async function backUpAndRestore(
  restic: ResticBinary,
  { location, source }: { readonly location: string; readonly source: string },
): Promise<void> {
  await expectSuccess(runRestic(restic.path, ['backup', '.'], { location, folder: source }))
  const target = mkdtempSync(join(tmpdir(), 'holdfast-restored-'))
  await expectSuccess(runRestic(restic.path, ['restore', 'latest', '--target', target], { location }))
  for (const name of ['random', 'folder/text']) expect(readFileSync(join(target, name)).equals(readFileSync(join(source, name)))).toBe(true)
  rmSync(target, { recursive: true })
  await expectSuccess(runRestic(restic.path, ['check', '--read-data'], { location }))
}

async function expectSuccess(run: ReturnType<typeof runRestic>): Promise<void> {
  const { code, output } = await run
  expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' })
}

async function snapshotsOf(lab: ResticLab, { clientId }: LabLogin): Promise<SnapshotView[]> {
  const answer = await lab.server.request(`GET /api/v1/snapshots?clientId=${clientId}`, { as: 'root' })
  return (answer.json() as { readonly items: SnapshotView[] }).items
}

/** A client that may only add files. */
async function otherClient(lab: ResticLab, repository: number): Promise<LabLogin> {
  const login = await lab.addClient('other')
  await lab.grant(login, repository)
  return login
}

async function clientOf(lab: ResticLab, { clientId }: LabLogin): Promise<Client> {
  return (await lab.server.request(`GET /api/v1/clients/${clientId}`, { as: 'root' })).json() as Client
}

/** A folder with a large file and small ones. */
function makeSource(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-source-'))
  mkdirSync(join(folder, 'folder'))
  writeFileSync(join(folder, 'random'), secureRandom(20_000_000))
  writeFileSync(join(folder, 'folder', 'text'), 'text\n'.repeat(1000))
  return folder
}
