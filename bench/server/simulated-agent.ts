import { hash } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { zstdCompressSync } from 'node:zlib'
import { HttpUploadLink } from '@holdfast/agent/runner'
import { type BlobId, encodeBlobNames, secureRandom, systemClock } from '@holdfast/engine'
import type { RunOrder } from '@holdfast/protocol'

const CHUNKS = 8
const CHUNK_BYTES = 1_000_000
/** What one upload brings. */
export const UPLOAD_BYTES: number = CHUNKS * CHUNK_BYTES

/** What is known of an agent that is simulated. */
export interface SimulatedAgent {
  readonly clientId: number
  readonly link: HttpUploadLink
}

/** What simulated agents have done. */
export interface Work {
  uploads: number
  readonly failures: string[]
}

/** An agent without a process of its own. */
export function simulate(url: string, { clientId, token }: { readonly clientId: number; readonly token: string }): SimulatedAgent {
  return { clientId, link: new HttpUploadLink({ serverUrl: url, token: () => token, clock: systemClock }) }
}

/** Sends JSON. */
export function ask(agent: SimulatedAgent, path: string, body: Readonly<Record<string, unknown>>): Promise<string> {
  return send(agent, path, body)
}

async function send(agent: SimulatedAgent, path: string, body: Uint8Array | Readonly<Record<string, unknown>>): Promise<string> {
  const reply = await agent.link.call({ method: 'POST', path, body })
  const text = Buffer.concat(await Array.fromAsync(reply.body)).toString('utf8')
  if (reply.status >= 300) throw new Error(`status ${reply.status}: ${text}`)
  return text
}

/** Waits for work, which is an open request, and does it. */
export async function work(agent: SimulatedAgent, until: number, done: Work): Promise<void> {
  while (performance.now() < until) {
    const waitSeconds = Math.min(50, Math.max(0, Math.ceil((until - performance.now()) / 1000)))
    try {
      const { order }: { order: RunOrder | null } = JSON.parse(await ask(agent, '/agent/v1/runs/claim', { waitSeconds, instance: 'bench' }))
      if (order !== null) await upload(agent, order).then(() => done.uploads++)
    } catch (error) {
      done.failures.push(`work: ${String(error)}`)
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
