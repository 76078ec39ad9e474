import { arch, hostname, platform, release } from 'node:os'
import type { Machine, MachinePolicyReport } from '@holdfast/protocol'
import type { MachinePolicy } from './runner/machine-policy.ts'

/** What servers take. */
const RESTORE_PATHS_MAX = 20
const PATH_LENGTH_MAX = 1024

/** What the agent says of its machine, and of what its owner allows as far as that is known. */
export function describeMachine(version: string, policy?: MachinePolicy): Machine {
  return {
    hostname: hostname().slice(0, 255) || 'unknown',
    platform: `${platform()} ${release()} ${arch()}`.slice(0, 100),
    version: version.slice(0, 100),
    ...(policy === undefined ? {} : { policy: reportOf(policy) }),
  }
}

/** No command is told, which may hold what nobody shall read. */
function reportOf({ commands, restorePaths, file }: MachinePolicy): MachinePolicyReport {
  return {
    commands: commands.fromServer,
    restores: restorePaths === undefined ? 'allow' : restorePaths.length === 0 ? 'deny' : 'listed',
    restorePaths: restorePaths?.filter(({ length }) => length <= PATH_LENGTH_MAX).slice(0, RESTORE_PATHS_MAX) ?? [],
    file: file === undefined || file.length > PATH_LENGTH_MAX ? null : file,
  }
}
