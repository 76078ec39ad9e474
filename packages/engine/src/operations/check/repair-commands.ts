import type { CheckReport } from './check.ts'
import type { Remedy } from './findings.ts'

const COMMANDS: Readonly<Record<Remedy, (report: CheckReport) => string>> = {
  unlock: () => 'holdfast unlock --remove-all',
  key: () => 'holdfast key list, and holdfast key remove for the keys that cannot be used',
  'repair-index': () => 'holdfast repair index',
  'repair-packs': ({ damagedPacks }) => `holdfast repair packs ${damagedPacks.join(' ')}`,
  'repair-snapshots': ({ damagedSnapshots }) => `holdfast repair snapshots --forget${damagedSnapshots.map((id) => ` ${id}`).join('')}`,
  prune: () => 'holdfast prune',
  retry: () => 'holdfast check --read-data once more, when the storage and this machine are known to be sound',
}

/** What puts right what a check has found: commands, to be run in this order. */
export function repairCommands(report: CheckReport): readonly string[] {
  return report.remedies.map((remedy) => COMMANDS[remedy](report))
}
