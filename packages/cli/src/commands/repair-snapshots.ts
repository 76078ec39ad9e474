import {
  displayText,
  executeSnapshotRepair,
  filterSnapshots,
  parseId,
  planSnapshotRepair,
  resolveFileId,
  type SnapshotId,
  type SnapshotRepairPlan,
  shortId,
} from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { toggle } from '../command-line/flag.ts'
import { safeForTerminal } from '../output/format.ts'
import { Printer } from '../output/printer.ts'
import { describeSnapshot } from '../output/snapshot-output.ts'
import { type Session, withRepository } from '../session/open-session.ts'
import { SNAPSHOT_FLAGS, snapshotFilter } from '../session/snapshot-flags.ts'
import { writeOptions } from '../session/write-options.ts'

export const repairSnapshotsCommand = defineCommand({
  usage: '[snapshotID ...]',
  description: `
    Writes damaged snapshots anew without what is lost: parts of files and folders that cannot be read. Repair the index and
    packs first. Where the files still exist, \`backup\` heals snapshots better: it stores again what is missing.

    The damaged snapshots stay unless --forget is given.
  `,
  flags: {
    dryRun: toggle('-n, --dry-run', 'write nothing, only say what would happen'),
    forget: toggle('--forget', 'remove the damaged snapshots, and those that are named and cannot be read'),
    ...SNAPSHOT_FLAGS,
  },
  examples: [
    { line: 'repair snapshots --dry-run', does: 'What is lost?' },
    { line: 'repair snapshots --forget', does: 'Replace all damaged snapshots' },
  ],
  async run(context, { flags, args }) {
    const printer = new Printer(context, { isJson: false })
    const filter = snapshotFilter(flags, context.environment)
    await withRepository(context, { printer, lock: flags.dryRun ? 'none' : 'exclusive', dryRun: flags.dryRun }, async (session) => {
      const indexed = await session.repository.loadIndex({ signal: session.signal })
      const named = await namedIds(session, args)
      let current = ''
      const plan = await planSnapshotRepair(indexed, {
        signal: session.signal,
        select: (snapshots) => (args.length > 0 ? snapshots.filter(({ id }) => named.includes(id)) : filterSnapshots(snapshots, filter)),
        onChange: (snapshot, path, change) => {
          if (snapshot.id !== current) for (const line of ['', describeSnapshot(snapshot)]) printer.info(line)
          current = snapshot.id
          printer.info(`  ${safeForTerminal(displayText(path))}: ${change}`)
        },
      })
      const removeUnreadable = [...plan.unreadable.keys()].filter((id) => named.includes(id))
      demandReadable(plan, { isForgetting: flags.forget, removeUnreadable, isNamed: args.length > 0 })
      if (flags.dryRun) return printOutcome(printer, plan.damaged.length + (flags.forget ? removeUnreadable.length : 0), { isDryRun: true })
      const result = await executeSnapshotRepair(plan, {
        ...writeOptions(context),
        forget: flags.forget,
        removeUnreadable,
        signal: session.signal,
      })
      for (const { from, to } of result.repaired) printer.info(`saved new snapshot ${shortId(to)} for ${shortId(from)}`)
      for (const id of result.removed) printer.info(`removed old snapshot ${shortId(id)}`)
      printOutcome(printer, new Set([...result.repaired.map(({ from }) => from), ...result.removed]).size, { isDryRun: false })
    })
  },
})

async function namedIds({ repository, signal }: Session, names: readonly string[]): Promise<readonly SnapshotId[]> {
  const ids: SnapshotId[] = []
  for (const start of names) {
    const id =
      parseId<SnapshotId>(start) ?? ((await resolveFileId(repository, { kind: 'snapshots', start }, { signal })) as string as SnapshotId)
    ids.push(id)
  }
  return ids
}

function demandReadable(
  { unreadable }: SnapshotRepairPlan,
  options: { readonly isForgetting: boolean; readonly removeUnreadable: readonly SnapshotId[]; readonly isNamed: boolean },
): void {
  const { isForgetting, removeUnreadable, isNamed } = options
  const inTheWay = [...unreadable.keys()].filter(
    (id) => !(isForgetting && removeUnreadable.includes(id)) && (!isNamed || removeUnreadable.includes(id)),
  )
  const [first] = inTheWay
  if (first === undefined) return
  const state = unreadable.get(first)?.message ?? ''
  throw new CommandFailure(
    'failed',
    `snapshot file ${first} is unreadable, use \`holdfast repair snapshots --forget ${first}\` to remove it (${state})`,
  )
}

function printOutcome(printer: Printer, changed: number, options: { readonly isDryRun: boolean }): void {
  const [none, some] = options.isDryRun ? ['would be modified', 'would modify'] : ['were modified', 'modified']
  printer.info('')
  printer.info(changed === 0 ? `no snapshots ${none}` : `${some} ${changed} snapshots`)
}
