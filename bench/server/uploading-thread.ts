import { parentPort, workerData } from 'node:worker_threads'
import { simulate, type Work, work } from './simulated-agent.ts'

/** What the thread is told: those of its agents, and for how long they work. */
export interface UploadingThread {
  readonly url: string
  readonly agents: readonly { readonly clientId: number; readonly token: string }[]
  readonly milliseconds: number
}

// Drawing and hashing what is uploaded must not hold up the clock of those calls that are timed.
const { url, agents, milliseconds } = workerData as UploadingThread
const done: Work = { uploads: 0, failures: [] }
const until = performance.now() + milliseconds
await Promise.all(
  agents.map(async (agent) => {
    const simulated = simulate(url, agent)
    await work(simulated, until, done)
    simulated.link[Symbol.dispose]()
  }),
)
parentPort?.postMessage(done)
