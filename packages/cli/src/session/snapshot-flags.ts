import { resolve } from 'node:path'
import { parseTagList, type SnapshotFilter } from '@holdfast/engine'
import { type FlagValues, parsedMany, texts } from '../command-line/flag.ts'
import type { Environment } from '../environment.ts'

const TAG_FLAG = parsedMany(
  '--tag <tags>',
  'only snapshots with all of these tags, separated by commas (repeatable: any of the lists)',
  parseTagList,
)
const PATH_FLAG = texts('--path <path>', 'only snapshots of this absolute path (repeatable: of all of them)', 'folder')

/** The flags that say which snapshots a command is about. */
export const SNAPSHOT_FLAGS = {
  host: texts('-H, --host <host>', 'only snapshots of this host (repeatable; empty for all; default: $RESTIC_HOST)'),
  tag: TAG_FLAG,
  path: PATH_FLAG,
} as const

/** The same for `forget`, which has another `-H`. */
export const SNAPSHOT_FLAGS_WITHOUT_SHORT_HOST = {
  ...SNAPSHOT_FLAGS,
  host: texts('--host <host>', 'only snapshots of this host (repeatable; empty for all; default: $RESTIC_HOST)'),
} as const

/** The same for `check`, which asks for a host by flag only. */
export const SNAPSHOT_FLAGS_WITHOUT_USUAL_HOST = {
  ...SNAPSHOT_FLAGS,
  host: texts('-H, --host <host>', 'only snapshots of this host (repeatable)'),
} as const

/** What the flags and the environment ask for. */
export function snapshotFilter(flags: FlagValues<typeof SNAPSHOT_FLAGS>, environment: Environment): SnapshotFilter {
  const usual = environment.get('host')
  const hosts = flags.host.length === 0 && usual !== undefined ? [usual] : flags.host
  return { hosts: hosts.length === 1 && hosts[0] === '' ? [] : hosts, tags: flags.tag, paths: flags.path }
}

/** The same for commands about one snapshot, where paths may be relative. */
export function latestFilter(flags: FlagValues<typeof SNAPSHOT_FLAGS>, environment: Environment): SnapshotFilter {
  return { ...snapshotFilter(flags, environment), paths: flags.path.map((path) => resolve(path)) }
}
