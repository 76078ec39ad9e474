import { readFile } from 'node:fs/promises'
import type { Clock } from '@holdfast/engine'
import type { Setup as SetupView } from '@holdfast/protocol'
import type { Settings } from '../../config/settings.ts'
import { ServerError } from '../../errors.ts'
import type { UserActor } from '../../http/actor.ts'
import { type LocalMachine, ownRepositoryFiles } from '../../local-machine.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Audit, Origin } from '../audit/audit.ts'
import type { Listeners } from '../questions/listeners.ts'
import type { Repositories } from '../repositories/repositories.ts'
import type { LocalAgent } from './local-agent.ts'
import type { SetupStore } from './store.ts'

const CONNECTED_WITHIN_MS = 5000
const LOOK_EVERY_MS = 50

export interface SetupOptions {
  readonly store: SetupStore
  readonly accounts: Accounts
  readonly repositories: Repositories
  readonly localMachine: LocalMachine
  readonly localAgent: LocalAgent
  readonly audit: Audit
  readonly settings: Settings
  readonly listeners: Pick<Listeners, 'has'>
  readonly clock: Clock
}

/** The way from a server that has just been started to its first backup. */
export class Setup {
  readonly #options: SetupOptions

  constructor(options: SetupOptions) {
    this.#options = options
  }

  /** How far the way is gone, as one user sees it. */
  async view(actor: UserActor): Promise<SetupView> {
    const { store, accounts, repositories, localMachine, localAgent } = this.#options
    return {
      isPasswordGenerated: await accounts.hasGeneratedPassword(actor.userId),
      defaultRepositoryId: await repositories.defaultId(),
      proposedRepository: repositories.proposedLocation,
      canProtectLocalMachine: localAgent.isOffered,
      localClientId: await localMachine.clientId(),
      hasClient: await store.hasClient(),
      hasFinishedBackup: await store.hasFinishedBackup(),
    }
  }

  /** Makes the proposed repository, or takes over the one that was made there without a server. Gives the default one's number. */
  async makeRepository(): Promise<number> {
    const { repositories, localMachine, settings } = this.#options
    if (settings.s3Bucket === '') {
      const files = ownRepositoryFiles(settings.data)
      const password = await readFile(files.password, 'utf8').catch(() => undefined)
      if (password !== undefined) await localMachine.adoptDefault({ location: files.repository, password: password.trim() })
    }
    return (await repositories.ensureDefault()).id
  }

  /**
   * Brings the server's own machine in as a client and starts its agent; gives the client's number.
   * @throws {ServerError} `request.conflict` where the server has no agent of its own, or shares its database with other servers.
   */
  async protectLocalMachine(origin: Origin): Promise<number> {
    const { localAgent, localMachine, audit } = this.#options
    if (!localAgent.isOffered) {
      throw new ServerError(
        'request.conflict',
        'Cannot protect this machine by itself: the server was started without an agent, or shares its database; enrol an agent on it',
      )
    }
    const before = await localMachine.clientId()
    await localAgent.start()
    const id = await localMachine.clientId()
    if (id === null) throw new ServerError('server.unavailable', 'Cannot protect this machine: its client was removed meanwhile')
    await this.#connected(id)
    if (before === null) await audit.record(origin, { action: 'client.local-machine-added', subject: `client ${id}` })
    return id
  }

  /** Waits a little for the agent to ask for work, so that it can be asked for folders at once. */
  async #connected(clientId: number): Promise<void> {
    const { listeners, clock } = this.#options
    for (let waitedMs = 0; waitedMs < CONNECTED_WITHIN_MS && !(await listeners.has(clientId)); waitedMs += LOOK_EVERY_MS) {
      await clock.sleep(LOOK_EVERY_MS)
    }
  }
}
