import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { argv } from 'node:process'
import { makeMainData, makeSmallFiles } from '../data-sets.ts'
import { ROOT } from '../options.ts'
import { Workspace } from '../workspace.ts'
import { CountingWay, Installation } from './installation.ts'

/**
 * Managed backups beside others, agent and server on the same cores: `node bench/server/managed.ts [SHARE]`, where SHARE is that of the
 * 2 GB and the 100,000 files of the full measurement. All data and repositories are in memory.
 */
const SHARE = Number(argv[2] ?? 1)
const ROUNDS = SHARE >= 1 ? 3 : 1
const SIZES = {
  largeFileBytes: Math.round(1024 * 1024 * 1024 * SHARE),
  realFilesBytes: 1e9 * SHARE,
  smallFiles: Math.round(50_000 * SHARE),
}
const UNCHANGED_FILES = Math.round(100_000 * SHARE)
const PASSWORD = 'the bench has no secrets'
const RESTIC = process.env.HOLDFAST_TEST_PEER_RESTIC ?? join(ROOT, '.cache/peer-restic/usr/bin/restic')
const HOLDFAST = join(ROOT, 'bin/holdfast')

const workspace = new Workspace('/dev/shm')

function timed(program: string, args: readonly string[], env: Readonly<Record<string, string>>): number {
  const begin = performance.now()
  execFileSync(program, args, { env: { PATH: process.env.PATH, HOME: workspace.folder, ...env }, stdio: ['ignore', 'ignore', 'inherit'] })
  return (performance.now() - begin) / 1000
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** First backups of the same data into new repositories: through the agent, and by restic over the same server. */
async function firstBackups(installation: Installation, folder: string): Promise<void> {
  const managed: number[] = []
  const overRest: number[] = []
  let serverBytes = 0
  const agent = await installation.addAgent('first')
  for (let round = 0; round < ROUNDS; round++) {
    const repositoryId = await installation.addRepository(`managed-${round}`)
    const planId = await installation.addPlan(agent, { name: `first-${round}`, repositoryId, paths: [folder] })
    managed.push((await installation.runPlan(planId)).seconds)
    serverBytes = Math.max(serverBytes, installation.serverBytes)
    overRest.push(await resticBackup(installation, folder, round))
    workspace.remove(workspace.path(`managed-${round}`))
    workspace.remove(workspace.path(`rest-${round}`))
  }
  const ratio = median(overRest) / median(managed)
  console.log(`first backup: managed ${show(managed)} s, restic over /restic/ ${show(overRest)} s`)
  console.log(`  managed is ${ratio.toFixed(2)} times as fast; wanted: 1.30; the server held ${(serverBytes / 1e6).toFixed(0)} MB`)
}

async function resticBackup(installation: Installation, folder: string, round: number): Promise<number> {
  const repositoryId = await installation.addRepository(`rest-${round}`, 'client')
  const { id } = await installation.call('POST /api/v1/clients', { name: `restic-${round}` })
  await installation.call(`PUT /api/v1/clients/${id}/restic/repositories/${repositoryId}`, {})
  const { username, password } = await installation.call(`POST /api/v1/clients/${id}/restic/password`)
  const location = new URL(`/restic/rest-${round}/`, installation.url)
  location.username = username
  location.password = password
  const env = { RESTIC_REPOSITORY: `rest:${location}`, RESTIC_PASSWORD: PASSWORD }
  timed(RESTIC, ['init', '--no-cache'], env)
  return timed(RESTIC, ['backup', '--no-cache', folder], env)
}

/** The second client has what the first one has. */
async function secondClient(installation: Installation, folder: string): Promise<void> {
  const ways = [new CountingWay(Number(new URL(installation.url).port)), new CountingWay(Number(new URL(installation.url).port))]
  const sent: number[] = []
  const repositoryId = await installation.addRepository('shared')
  for (const [index, way] of ways.entries()) {
    const agent = await installation.addAgent(`sharing-${index}`, { url: await way.listen() })
    const planId = await installation.addPlan(agent, { name: `sharing-${index}`, repositoryId, paths: [folder] })
    const before = way.sentBytes
    await installation.runPlan(planId)
    sent.push(way.sentBytes - before)
    way.close()
  }
  const [first = 0, second = 0] = sent
  console.log(`bytes sent: first client ${mb(first)}, second client with the same data ${mb(second)}`)
  console.log(`  the second sends ${((100 * second) / first).toFixed(2)}%; wanted: at most 2.00%`)
  workspace.remove(workspace.path('shared'))
}

/** Backups of many files of which none has changed: through the agent, and by the command into a repository of its own. */
async function unchanged(installation: Installation): Promise<void> {
  const folder = workspace.path('unchanged')
  await makeSmallFiles(folder, UNCHANGED_FILES, 'unchanged')
  const agent = await installation.addAgent('unchanged')
  const repositoryId = await installation.addRepository('unchanged-managed')
  const planId = await installation.addPlan(agent, { name: 'unchanged', repositoryId, paths: [folder] })
  const env = { RESTIC_REPOSITORY: workspace.path('unchanged-direct'), RESTIC_PASSWORD: PASSWORD }
  timed(HOLDFAST, ['init'], env)
  await installation.runPlan(planId)
  timed(HOLDFAST, ['backup', '--no-cache', folder], env)
  const managed: number[] = []
  const direct: number[] = []
  for (let round = 0; round < ROUNDS * 2; round++) {
    managed.push((await installation.runPlan(planId)).seconds)
    direct.push(timed(HOLDFAST, ['backup', '--no-cache', folder], env))
  }
  console.log(`unchanged, ${UNCHANGED_FILES} files: managed ${show(managed)} s, direct ${show(direct)} s`)
  console.log(`  managed takes ${(median(managed) / median(direct)).toFixed(2)} times as long; wanted: at most 1.50`)
}

function show(seconds: readonly number[]): string {
  return `${median(seconds).toFixed(2)} (${seconds.map((value) => value.toFixed(2)).join(', ')})`
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

try {
  workspace.requireRoom(SHARE * 8e9, 'managed backups')
  const data = await makeMainData(workspace.path('main'), SIZES)
  await using installation = await Installation.start(workspace.folder)
  await firstBackups(installation, data.folder)
  await secondClient(installation, data.folder)
  await unchanged(installation)
} finally {
  workspace.remove()
}
