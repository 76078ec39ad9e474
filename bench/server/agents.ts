import { performance } from 'node:perf_hooks'
import { argv } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { backupStreamManaged, HttpUploadLink } from '@holdfast/agent/runner'
import { byteStringOf, secureRandom, systemClock } from '@holdfast/engine'
import type { RunOrder } from '@holdfast/protocol'
import { Workspace } from '../workspace.ts'
import { Installation } from './installation.ts'

/**
 * Many agents at once: `node bench/server/agents.ts [AGENTS] [SECONDS]`. Each pings every 30 s and waits for work all the time, as agents
 * do; fifty upload at once, again and again; people look at their pages meanwhile. All of it is on the cores that the server has.
 */
const AGENTS = Number(argv[2] ?? 1000)
const SECONDS = Number(argv[3] ?? 60)
const UPLOADING = Math.min(50, AGENTS)
const PING_EVERY_MS = 30_000
const LOOK_EVERY_MS = 200
const UPLOAD_BYTES = 8_000_000
const TARGET = { p99Ms: 250, serverBytes: 600e6 } as const
const PAGES = [
  'GET /api/v1/clients?limit=50',
  'GET /api/v1/runs?limit=50',
  'GET /api/v1/snapshots?limit=50',
  'GET /api/v1/plans',
  'GET /api/v1/me',
]
const MACHINE = { hostname: 'simulated', platform: 'linux', version: '0.1.0' }

interface SimulatedAgent {
  readonly clientId: number
  readonly link: HttpUploadLink
}

const times: number[] = []
const failures: string[] = []
let uploads = 0
let uploadedBytes = 0

async function measured(what: string, action: () => Promise<unknown>): Promise<void> {
  const begin = performance.now()
  try {
    await action()
    times.push(performance.now() - begin)
  } catch (error) {
    failures.push(`${what}: ${String(error)}`)
  }
}

async function ask(agent: SimulatedAgent, path: string, body: Readonly<Record<string, unknown>>): Promise<string> {
  const reply = await agent.link.call({ method: 'POST', path, body })
  const text = Buffer.concat(await Array.fromAsync(reply.body)).toString('utf8')
  if (reply.status >= 300) throw new Error(`status ${reply.status}: ${text}`)
  return text
}

/** Says that it is there, at times that differ from agent to agent. */
async function ping(agent: SimulatedAgent, until: number): Promise<void> {
  await sleep((secureRandom(2).readUInt16LE() / 0xffff) * PING_EVERY_MS)
  for (; performance.now() < until; await sleep(PING_EVERY_MS)) await measured('ping', () => ask(agent, '/agent/v1/ping', MACHINE))
}

/** Waits for work, which is an open request, and does it. */
async function work(agent: SimulatedAgent, until: number): Promise<void> {
  while (performance.now() < until) {
    const waitSeconds = Math.min(50, Math.max(0, Math.ceil((until - performance.now()) / 1000)))
    try {
      const { order }: { order: RunOrder | null } = JSON.parse(await ask(agent, '/agent/v1/runs/claim', { waitSeconds, instance: 'bench' }))
      if (order !== null) await upload(agent, order)
    } catch (error) {
      failures.push(`work: ${String(error)}`)
      await sleep(1000)
    }
  }
}

async function upload(agent: SimulatedAgent, { runId, repositoryId }: RunOrder): Promise<void> {
  const content = secureRandom(UPLOAD_BYTES)
  const path = `/simulated/${agent.clientId}`
  const result = await backupStreamManaged(agent.link, { repositoryId, runId }, {
    content: async function* () {
      yield content
    },
    absolutePath: path,
    path: byteStringOf(path),
    readConcurrency: 1,
  } as never)
  uploads++
  uploadedBytes += UPLOAD_BYTES
  const outcome = { state: 'finished', snapshotId: result.snapshotId, statistics: null, error: null }
  await ask(agent, `/agent/v1/runs/${runId}/finish`, outcome)
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

async function addAgents(installation: Installation, repositoryId: number): Promise<{ agents: SimulatedAgent[]; planIds: number[] }> {
  const agents: SimulatedAgent[] = []
  const planIds: number[] = []
  for (let index = 0; index < AGENTS; index++) {
    const { id } = await installation.call('POST /api/v1/clients', { name: `simulated-${index}` })
    const { token } = await installation.call(`POST /api/v1/clients/${id}/token`)
    agents.push({ clientId: id, link: new HttpUploadLink({ serverUrl: installation.url, token: () => token, clock: systemClock }) })
    if (index < UPLOADING) planIds.push(await installation.addPlan(id, { name: 'upload', repositoryId, paths: [`/simulated/${id}`] }))
  }
  return { agents, planIds }
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
  await Promise.all([
    ...agents.flatMap((agent) => [ping(agent, until), work(agent, until)]),
    keepUploading(installation, planIds, until),
    lookAround(installation, until),
  ])
  clearInterval(watching)
  for (const { link } of agents) link[Symbol.dispose]()
  console.log(`${AGENTS} agents for ${SECONDS} s, ${UPLOADING} uploading at once, everything on the same cores`)
  console.log(
    `  ${times.length} calls timed, ${uploads} uploads of ${(uploadedBytes / 1e6).toFixed(0)} MB in all, ${failures.length} failures; wanted: none`,
  )
  for (const failure of failures.slice(0, 5)) console.log(`    ${failure.slice(0, 300)}`)
  console.log(`  p50 ${percentile(0.5).toFixed(1)} ms, p99 ${percentile(0.99).toFixed(1)} ms; wanted: p99 under ${TARGET.p99Ms} ms`)
  console.log(`  the server held ${(serverBytes / 1e6).toFixed(0)} MB; wanted: under ${TARGET.serverBytes / 1e6} MB`)
} finally {
  workspace.remove()
}
