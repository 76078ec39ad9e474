import { hash } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { argv } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { zstdCompressSync } from 'node:zlib'
import { HttpUploadLink } from '@holdfast/agent/runner'
import { type BlobId, encodeBlobNames, secureRandom, systemClock } from '@holdfast/engine'
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
const CHUNKS = 8
const CHUNK_BYTES = 1_000_000
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

function ask(agent: SimulatedAgent, path: string, body: Readonly<Record<string, unknown>>): Promise<string> {
  return send(agent, path, body)
}

async function send(agent: SimulatedAgent, path: string, body: Uint8Array | Readonly<Record<string, unknown>>): Promise<string> {
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

/** One file of chunks that nobody has, over the protocol of uploads itself: an agent's own threads would weigh more than the server. */
async function upload(agent: SimulatedAgent, { runId, repositoryId }: RunOrder): Promise<void> {
  const path = `/simulated/${agent.clientId}`
  const opened = JSON.parse(await ask(agent, '/agent/v1/uploads', { repositoryId, runId, paths: [path] }))
  const base = `/agent/v1/uploads/${opened.uploadId}`
  const chunks = Array.from({ length: CHUNKS }, () => blobOf('data', secureRandom(CHUNK_BYTES)))
  const ids = chunks.map(({ id }) => `"${id}"`).join(',')
  const node = `{"name":"file","type":"file","mode":420,"size":${CHUNKS * CHUNK_BYTES},"content":[${ids}]}`
  const tree = blobOf('tree', Buffer.from(`{"nodes":[${node}]}\n`))
  await send(agent, `${base}/ids`, encodeBlobNames([...chunks, tree]))
  for (const chunk of chunks) await send(agent, `${base}/blobs`, frameOf(chunk))
  await send(agent, `${base}/blobs`, frameOf(tree))
  const time = new Date().toISOString()
  const { snapshotId } = JSON.parse(await ask(agent, `${base}/commit`, { tree: tree.id, time, paths: [path] }))
  uploads++
  uploadedBytes += CHUNKS * CHUNK_BYTES
  await ask(agent, `/agent/v1/runs/${runId}/finish`, { state: 'finished', snapshotId, statistics: null, error: null })
}

interface SimulatedBlob {
  readonly type: 'data' | 'tree'
  readonly id: BlobId
  readonly plaintext: Buffer
}

function blobOf(type: SimulatedBlob['type'], plaintext: Buffer): SimulatedBlob {
  return { type, plaintext, id: hash('sha256', plaintext, 'hex') as BlobId }
}

/** As `blob-frames.ts` of the engine reads it; trees are compressed always. */
function frameOf({ type, id, plaintext }: SimulatedBlob): Uint8Array {
  const content = type === 'tree' ? zstdCompressSync(plaintext) : plaintext
  const head = Buffer.alloc(44)
  head.write(id, 0, 32, 'hex')
  head[32] = type === 'tree' ? 1 : 0
  head[33] = type === 'tree' ? 1 : 0
  head.writeUInt32LE(plaintext.length, 36)
  head.writeUInt32LE(content.length, 40)
  return Buffer.concat([head, content])
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
