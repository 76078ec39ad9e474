import {
  type GroupBy,
  type GroupKey,
  groupSnapshots,
  loadSnapshots,
  parseGroupBy,
  type StoredSnapshot,
  selectSnapshots,
} from '@holdfast/engine'
import { defineCommand } from '../command-line/command.ts'
import { hidden, parsed, toggle, wholeNumber } from '../command-line/flag.ts'
import { Printer } from '../output/printer.ts'
import { groupHeading, snapshotJson, snapshotTable } from '../output/snapshot-output.ts'
import { withRepository } from '../session/open-session.ts'
import { SNAPSHOT_FLAGS, snapshotFilter } from '../session/snapshot-flags.ts'

/** What `--latest` counts by where nothing else is asked for. */
const BY_HOST_AND_PATHS: GroupBy = { host: true, paths: true, tags: false }

export const snapshotsCommand = defineCommand({
  usage: '[snapshotID ...]',
  description: 'Lists the snapshots of the repository: when, from which host, with which tags, of which paths.',
  flags: {
    ...SNAPSHOT_FLAGS,
    compact: toggle('-c, --compact', 'one line for each snapshot'),
    latest: parsed('--latest <n>', 'only the newest n of each host and paths', (value) => wholeNumber(value)),
    last: hidden(toggle('--last', 'the same as --latest 1')),
    groupBy: parsed('-g, --group-by <group>', 'group by host, paths, tags or several of these, separated by commas', parseGroupBy),
  },
  examples: [
    { line: 'snapshots', does: 'Show all snapshots' },
    { line: 'snapshots --host web1 --tag daily --latest 3', does: 'The newest three of a host that have a tag' },
    { line: 'snapshots --json', does: 'The same for programs' },
  ],
  async run(context, { flags, args }) {
    const printer = new Printer(context)
    await withRepository(context, { printer, lock: context.globals.noLock ? 'none' : 'shared' }, async ({ repository, signal }) => {
      const all = await loadSnapshots(repository, { signal })
      const { snapshots } = selectSnapshots(all, args, snapshotFilter(flags, context.environment))
      const limit = flags.latest ?? (flags.last ? 1 : 0)
      const isGrouped = flags.groupBy !== undefined && Object.values(flags.groupBy).includes(true)
      const groups = isGrouped
        ? groupSnapshots(snapshots, flags.groupBy ?? BY_HOST_AND_PATHS).map(({ key, snapshots: members }) => ({
            key,
            snapshots: newest(members, limit),
          }))
        : [{ key: NO_KEY, snapshots: newestOfEach(snapshots, limit) }]
      if (printer.isJson) printer.message(isGrouped ? groups.map(groupJson) : (groups[0]?.snapshots ?? []).map(snapshotJson))
      else for (const group of groups) printGroup(printer, group, { compact: flags.compact })
    })
  },
})

interface Group {
  readonly key: GroupKey
  readonly snapshots: readonly StoredSnapshot[]
}

const NO_KEY: GroupKey = { hostname: '', paths: null, tags: null }

/** The last ones of a list that begins with the oldest. */
function newest(snapshots: readonly StoredSnapshot[], limit: number): readonly StoredSnapshot[] {
  return limit === 0 ? snapshots : snapshots.slice(-limit)
}

/** The newest of each host and paths, in their order. */
function newestOfEach(snapshots: readonly StoredSnapshot[], limit: number): readonly StoredSnapshot[] {
  if (limit === 0) return snapshots
  const kept = new Set(groupSnapshots(snapshots, BY_HOST_AND_PATHS).flatMap((group) => newest(group.snapshots, limit)))
  return snapshots.filter((snapshot) => kept.has(snapshot))
}

function groupJson({ key, snapshots }: Group): object {
  return { group_key: key, snapshots: snapshots.map(snapshotJson) }
}

function printGroup(printer: Printer, { key, snapshots }: Group, options: { readonly compact: boolean }): void {
  // As in restic: nothing is printed where there is nothing.
  if (snapshots.length === 0) return
  const heading = groupHeading(key)
  if (heading !== undefined) printer.result(heading)
  for (const line of snapshotTable(snapshots, options)) printer.result(line)
}
