import { hostname, platform, setPriority, userInfo } from 'node:os'
import { systemCodeOf } from '../errors.ts'

/** Who runs this process and where: what snapshots, locks and keys record. */
export interface Identity {
  readonly hostname: string
  readonly username: string
  readonly uid: number
  readonly gid: number
}

/** The identity of this process, as the system knows it. A user without an entry in the user database has an empty name. */
export function currentIdentity(): Identity {
  try {
    const { username, uid, gid } = userInfo()
    return { hostname: hostname(), username, uid: Math.max(uid, 0), gid: Math.max(gid, 0) }
  } catch {
    return { hostname: hostname(), username: '', uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  }
}

/** The id of this process. */
export function processId(): number {
  return process.pid
}

/** Whether a process of this machine exists, also one that this user may not touch. */
export function processExists(pid: number): boolean {
  if (pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCodeOf(error) === 'EPERM'
  }
}

/** A server’s threads that work for many wait for those that answer: a tenth of the share of a thread at 0 (Linux's `sched(7)`). */
const BACKGROUND_NICENESS = 10

/**
 * Lets the system prefer other threads to the one that calls this: for bulk work beside a thread whose answers people wait for. Linux has
 * priorities of single threads; elsewhere nothing is done.
 */
export function workInBackground(): void {
  // 0 stands for the calling thread there, and for the whole process on other systems.
  if (platform() === 'linux') setPriority(0, BACKGROUND_NICENESS)
}
