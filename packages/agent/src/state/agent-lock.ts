import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { AgentError } from '../errors.ts'
import type { StateFolder } from './state-folder.ts'

const LOCK = 'agent.lock'
const HOLDER = 'agent.pid'

/**
 * Makes sure that one agent alone works with a state folder. The lock is the system's, on a file that SQLite holds open: it ends with its
 * process, however that ends, and holds between containers that share the folder, whose process ids mean nothing to each other.
 * @throws {AgentError} `state.locked`
 */
export function lockState(folder: StateFolder): Disposable {
  const path = folder.pathOf(LOCK)
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    throw new AgentError('state.locked', `Cannot use ${folder.path}: another agent works with it${holderOf(folder)}`, { cause })
  }
  chmodSync(path, 0o600)
  writeFileSync(folder.pathOf(HOLDER), `${process.pid}\n`, { mode: 0o600 })
  return { [Symbol.dispose]: () => database.close() }
}

/** Whether an agent works with the folder now. */
export function isLocked(folder: StateFolder): boolean {
  try {
    lockState(folder)[Symbol.dispose]()
    return false
  } catch {
    return true
  }
}

function holderOf(folder: StateFolder): string {
  try {
    return `, process ${Number(readFileSync(folder.pathOf(HOLDER), 'utf8'))}`
  } catch {
    return ''
  }
}
