import type { Clock } from '@holdfast/engine'
import type { Settings } from '../../config/settings.ts'
import type { Database } from '../../db/database.ts'
import { LocalMachine, type LocalMachineOptions } from '../../local-machine.ts'
import type { Audit } from '../audit/audit.ts'
import type { Listeners } from '../questions/listeners.ts'
import { LocalAgent } from './local-agent.ts'
import { Setup } from './setup.ts'
import { SetupStore } from './store.ts'

/** The first steps with a server, and its own machine as a client. */
export interface SetupServices {
  readonly setup: Setup
  readonly localMachine: LocalMachine
  readonly localAgent: LocalAgent
}

export interface SetupFoundations extends LocalMachineOptions {
  readonly database: Database
  readonly settings: Settings
  readonly audit: Audit
  readonly clock: Clock
  readonly listeners: Listeners
}

/** Puts together what leads to the first backup. */
export function composeSetup(foundations: SetupFoundations): SetupServices {
  const localMachine = new LocalMachine(foundations)
  const localAgent = new LocalAgent({
    enrol: () => localMachine.enrol(),
    repositoryFolders: () => foundations.repositories.folders(),
  })
  const store = new SetupStore(foundations.database.queries)
  return { localMachine, localAgent, setup: new Setup({ ...foundations, store, localMachine, localAgent }) }
}
