import { performance } from 'node:perf_hooks'
import { argv } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { secureRandom } from '@holdfast/engine'
import { Workspace } from '../workspace.ts'
import { Installation } from './installation.ts'
import { ask, type SimulatedAgent, simulate, UPLOAD_BYTES, type Work, work } from './simulated-agent.ts'
import type { UploadingThread } from './uploading-thread.ts'

/**
 * Many agents at once: `node bench/server/agents.ts [AGENTS] [SECONDS]`. Each pings every 30 s and waits for work all the time, as agents
 * do; fifty upload at once, again and again; people look at their pages meanwhile. All of it is on the cores that the server has.
 */
const AGENTS = Number(argv[2] ?? 1000)
const SECONDS = Number(argv[3] ?? 60)
const UPLOADING = Math.min(50, AGENTS)
const PING_EVERY_MS = 30_000
/** Agents come back within so long when a server starts: their pauses differ by chance. */
const COMING_MS = 10_000
const LOOK_EVERY_MS = 200
const TARGET = { p99Ms: 250, serverBytes: 600e6 } as const
const PAGES = [
  'GET /api/v1/clients?limit=50',
  'GET /api/v1/runs?limit=50',
  'GET /api/v1/snapshots?limit=50',
  'GET /api/v1/plans',
  'GET /api/v1/me',
]
const MACHINE = { hostname: 'simulated', platform: 'linux', version: '0.1.0' }

const times: number[] = []
const done: Work = { uploads: 0, failures: [] }

async function measured(what: string, action: () => Promise<unknown>): Promise<void> {
  const begin = performance.now()
  try {
    await action()
    times.push(performance.now() - begin)
  } catch (error) {
    done.failures.push(`${what}: ${String(error)}`)
  }
}

/** Says that it is there, at times that differ from agent to agent. */
async function ping(agent: SimulatedAgent, until: number): Promise<void> {
  await sleep((secureRandom(2).readUInt16LE() / 0xffff) * PING_EVERY_MS)
  for (; performance.now() < until; await sleep(PING_EVERY_MS)) await measured('ping', () => ask(agent, '/agent/v1/ping', MACHINE))
}

/** Fifty plans are run again as soon as they have ended. */
async function keepUploading(installation: Installation, planIds: readonly number[], until: number): Promise<void> {
  await Promise.all(
    planIds.map(async (planId) => {
      while (performance.now() < until - 5000) {
        const { id } = await installation.call(`POST /api/v1/plans/${planId}/run`)
        for (let state = 'pending'; (state === 'pending' || state === 'running') && performance.now() < until; await sleep(500)) {
          state = (await installation.call(`GET /api/v1/runs/${id}`)).state
        }
      }
    }),
  )
}

async function lookAround(installation: Installation, until: number): Promise<void> {
  for (let look = 0; performance.now() < until; look++) {
    const page = PAGES[look % PAGES.length] ?? ''
    await measured(page, () => installation.call(page))
    await sleep(LOOK_EVERY_MS)
  }
}

async function addAgents(
  installation: Installation,
  repositoryId: number,
): Promise<{ readonly agents: UploadingThread['agents']; readonly planIds: readonly number[] }> {
  const agents: UploadingThread['agents'][number][] = []
  const planIds: number[] = []
  for (let index = 0; index < AGENTS; index++) {
    const { id } = await installation.call('POST /api/v1/clients', { name: `simulated-${index}` })
    const { token } = await installation.call(`POST /api/v1/clients/${id}/token`)
    agents.push({ clientId: id, token })
    if (index < UPLOADING) planIds.push(await installation.addPlan(id, { name: 'upload', repositoryId, paths: [`/simulated/${id}`] }))
  }
  return { agents, planIds }
}

function inThread(workerData: UploadingThread): Promise<Work> {
  return new Promise((resolve, reject) => {
    new Worker(new URL('uploading-thread.ts', import.meta.url), { workerData }).once('message', resolve).once('error', reject)
  })
}

function percentile(share: number): number {
  return times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN
}

const workspace = new Workspace('/dev/shm')
try {
  await using installation = await Installation.start(workspace.folder)
  const { agents, planIds } = await addAgents(installation, await installation.addRepository('main'))
  let serverBytes = 0
  const until = performance.now() + SECONDS * 1000
  const watching = setInterval(() => {
    serverBytes = Math.max(serverBytes, installation.serverBytes)
  }, 200)
  const simulated = agents.map((agent) => simulate(installation.url, agent))
  const uploading = inThread({ url: installation.url, agents: agents.slice(0, UPLOADING), milliseconds: SECONDS * 1000 })
  await Promise.all([
    ...simulated.map((agent) => ping(agent, until)),
    ...simulated.slice(UPLOADING).map(async (agent) => {
      await sleep((secureRandom(2).readUInt16LE() / 0xffff) * COMING_MS)
      await work(agent, until, done)
    }),
    keepUploading(installation, planIds, until),
    lookAround(installation, until),
    uploading.then((theirs) => {
      done.uploads += theirs.uploads
      done.failures.push(...theirs.failures)
    }),
  ])
  clearInterval(watching)
  for (const { link } of simulated) link[Symbol.dispose]()
  console.log(`${AGENTS} agents for ${SECONDS} s, ${UPLOADING} uploading at once, everything on the same cores`)
  console.log(`  ${times.length} calls timed, ${done.uploads} uploads of ${((done.uploads * UPLOAD_BYTES) / 1e6).toFixed(0)} MB in all`)
  console.log(`  ${done.failures.length} failures; wanted: none`)
  for (const failure of done.failures.slice(0, 5)) console.log(`    ${failure.slice(0, 300)}`)
  console.log(`  p50 ${percentile(0.5).toFixed(1)} ms, p99 ${percentile(0.99).toFixed(1)} ms; wanted: p99 under ${TARGET.p99Ms} ms`)
  console.log(`  the server held ${(serverBytes / 1e6).toFixed(0)} MB; wanted: under ${TARGET.serverBytes / 1e6} MB`)
} finally {
  workspace.remove()
}
