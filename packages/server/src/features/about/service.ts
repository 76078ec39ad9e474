import type { Clock } from '@holdfast/engine'
import type { About } from '@holdfast/protocol'
import type { UserActor } from '../../http/actor.ts'
import { serverVersion } from '../../server-version.ts'
import type { AboutStore } from './store.ts'
import type { Tools } from './tools.ts'

export interface ServerFactsOptions {
  readonly store: AboutStore
  readonly tools: Tools
  readonly clock: Clock
  readonly dataFolder: string
}

/** What this server is made of. */
export class ServerFacts {
  readonly #options: ServerFactsOptions
  readonly #startedAt: number

  /** Counts as started now. */
  constructor(options: ServerFactsOptions) {
    this.#options = options
    this.#startedAt = options.clock.now()
  }

  /** Where things are is shown to administrators only. */
  async get(actor: UserActor): Promise<About> {
    const { store, tools, clock, dataFolder } = this.#options
    const isAdmin = actor.role === 'admin'
    const found = await tools.find()
    return {
      version: serverVersion(),
      node: process.version.replace(/^v/, ''),
      platform: `${process.platform} ${process.arch}`,
      database: await store.version(),
      startedAt: new Date(this.#startedAt).toISOString(),
      uptimeSeconds: Math.max(0, Math.floor((clock.now() - this.#startedAt) / 1000)),
      tools: found.map(({ name, version, path }) => ({ name, isFound: path !== null, version, path: isAdmin ? path : null })),
      dataFolder: isAdmin ? dataFolder : null,
    }
  }
}
