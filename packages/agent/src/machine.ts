import { arch, hostname, platform, release } from 'node:os'
import type { Machine } from '@holdfast/protocol'

/** What the agent says of its machine. */
export function describeMachine(version: string): Machine {
  return {
    hostname: hostname().slice(0, 255) || 'unknown',
    platform: `${platform()} ${release()} ${arch()}`.slice(0, 100),
    version: version.slice(0, 100),
  }
}
