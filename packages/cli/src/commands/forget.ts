import {
  describePolicy,
  executeForget,
  type ForgetGroup,
  type ForgetPlan,
  isEmptyPolicy,
  loadSnapshots,
  parseGroupBy,
  parseKeepCount,
  parseRetentionDuration,
  parseTagList,
  planForget,
  planForgetOf,
  type RetentionPolicy,
  selectSnapshots,
  shortId,
} from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { type CommandContext, defineCommand } from '../command-line/command.ts'
import { type FlagValues, hidden, parsed, parsedMany, texts, toggle } from '../command-line/flag.ts'
import { Printer } from '../output/printer.ts'
import { groupHeading, snapshotJson, snapshotTable } from '../output/snapshot-output.ts'
import { StepCounters } from '../output/step-counters.ts'
import { type Session, withRepository } from '../session/open-session.ts'
import { PRUNE_FLAGS, pruneLimits, runPrune } from '../session/prune-run.ts'
import { SNAPSHOT_FLAGS_WITHOUT_SHORT_HOST, snapshotFilter } from '../session/snapshot-flags.ts'

const FLAGS = {
  keepLast: parsed('-l, --keep-last <n>', "keep the newest n snapshots ('unlimited' for all, here and below)", parseKeepCount),
  keepHourly: parsed('-H, --keep-hourly <n>', 'keep the newest of each of the last n hours that have any', parseKeepCount),
  keepDaily: parsed('-d, --keep-daily <n>', 'keep the newest of each of the last n days', parseKeepCount),
  keepWeekly: parsed('-w, --keep-weekly <n>', 'keep the newest of each of the last n weeks', parseKeepCount),
  keepMonthly: parsed('-m, --keep-monthly <n>', 'keep the newest of each of the last n months', parseKeepCount),
  keepYearly: parsed('-y, --keep-yearly <n>', 'keep the newest of each of the last n years', parseKeepCount),
  keepWithin: parsed(
    '--keep-within <duration>',
    'keep all that were made so long before the newest, such as 1y5m7d2h',
    parseRetentionDuration,
  ),
  keepWithinHourly: parsed('--keep-within-hourly <duration>', 'keep the newest of each hour in that time', parseRetentionDuration),
  keepWithinDaily: parsed('--keep-within-daily <duration>', 'keep the newest of each day in that time', parseRetentionDuration),
  keepWithinWeekly: parsed('--keep-within-weekly <duration>', 'keep the newest of each week in that time', parseRetentionDuration),
  keepWithinMonthly: parsed('--keep-within-monthly <duration>', 'keep the newest of each month in that time', parseRetentionDuration),
  keepWithinYearly: parsed('--keep-within-yearly <duration>', 'keep the newest of each year in that time', parseRetentionDuration),
  keepTag: parsedMany('--keep-tag <tags>', 'keep those with all of these tags (repeatable: any of the lists)', parseTagList),
  unsafeAllowRemoveAll: toggle('--unsafe-allow-remove-all', 'without any --keep-…: remove all snapshots that the filter selects'),
  ...SNAPSHOT_FLAGS_WITHOUT_SHORT_HOST,
  hostname: hidden(texts('--hostname <host>', 'the same as --host')),
  compact: toggle('-c, --compact', 'one line for each snapshot'),
  groupBy: parsed(
    '-g, --group-by <group>',
    "judge snapshots by groups of host, paths and tags (default: host,paths; '' for none)",
    parseGroupBy,
  ),
  dryRun: toggle('-n, --dry-run', 'remove nothing, only say what would be removed'),
  prune: toggle('--prune', 'remove the data that nothing refers to afterwards'),
  ...PRUNE_FLAGS,
} as const

export const forgetCommand = defineCommand({
  usage: '[snapshotID ...]',
  description: `
    Removes the snapshots that are named, or those that a policy does not keep. Snapshots are grouped by host and paths
    first, and the policy judges each group by itself: whatever at least one --keep-… rule keeps stays.

    What the snapshots referred to stays in the repository until \`prune\` removes it; --prune does so at once.
  `,
  flags: FLAGS,
  examples: [
    { line: 'forget --keep-daily 7 --keep-weekly 5 --keep-monthly 12 --prune', does: 'Thin out old snapshots and free the space' },
    { line: 'forget --keep-last 3 --host web1 --dry-run', does: 'What would be removed of one host?' },
    { line: 'forget bdbd3439', does: 'Remove one snapshot' },
  ],
  async run(context, { flags, args }) {
    const limits = pruneLimits(flags)
    if (context.globals.noLock && !flags.dryRun)
      throw new CommandFailure('usage', '--no-lock is only applicable in combination with --dry-run for forget command')
    const printer = new Printer(context)
    const lock = flags.dryRun && context.globals.noLock ? 'none' : 'exclusive'
    await withRepository(context, { printer, lock, dryRun: flags.dryRun }, async (session) => {
      const all = await loadSnapshots(session.repository, { signal: session.signal })
      const filter = snapshotFilter({ ...flags, host: [...flags.host, ...flags.hostname] }, context.environment)
      const { snapshots } = selectSnapshots(all, args, filter)
      const plan =
        args.length > 0
          ? planForgetOf(snapshots)
          : planByPolicy({ flags, printer, snapshots, isFiltered: Object.values(filter).some((list) => list.length > 0) })
      await execute(session, plan, { context, printer, isDryRun: flags.dryRun })
      if (!flags.prune || plan.remove.length === 0) return
      printer.info(
        `${plan.remove.length} snapshots ${flags.dryRun ? 'would be removed, running prune dry run' : 'have been removed, running prune'}`,
      )
      const ignoreSnapshots = flags.dryRun ? new Set(plan.remove.map(({ id }) => id)) : undefined
      await runPrune(session, {
        context,
        printer,
        limits,
        isDryRun: flags.dryRun,
        ...(ignoreSnapshots === undefined ? {} : { ignoreSnapshots }),
      })
    })
  },
})

interface PolicyInput {
  readonly flags: FlagValues<typeof FLAGS>
  readonly printer: Printer
  readonly snapshots: Parameters<typeof planForget>[0]
  readonly isFiltered: boolean
}

function planByPolicy({ flags, printer, snapshots, isFiltered }: PolicyInput): ForgetPlan {
  const policy = policyOf(flags)
  if (isEmptyPolicy(policy)) {
    if (!flags.unsafeAllowRemoveAll) throw new CommandFailure('usage', 'no policy was specified, no snapshots will be removed')
    if (!isFiltered)
      throw new CommandFailure('usage', '--unsafe-allow-remove-all is not allowed unless a snapshot filter option is specified')
  }
  printer.info(`Applying Policy: ${describePolicy(policy)}`)
  const options = { policy, allowRemoveAll: flags.unsafeAllowRemoveAll, ...(flags.groupBy === undefined ? {} : { groupBy: flags.groupBy }) }
  const plan = planForget(snapshots, options)
  for (const group of plan.groups) printGroup(printer, group, { compact: flags.compact })
  return plan
}

function policyOf(flags: FlagValues<typeof FLAGS>): RetentionPolicy {
  const rules = {
    last: flags.keepLast,
    hourly: flags.keepHourly,
    daily: flags.keepDaily,
    weekly: flags.keepWeekly,
    monthly: flags.keepMonthly,
    yearly: flags.keepYearly,
    within: flags.keepWithin,
    withinHourly: flags.keepWithinHourly,
    withinDaily: flags.keepWithinDaily,
    withinWeekly: flags.keepWithinWeekly,
    withinMonthly: flags.keepWithinMonthly,
    withinYearly: flags.keepWithinYearly,
  }
  return { ...Object.fromEntries(Object.entries(rules).filter(([, rule]) => rule !== undefined)), keepTags: flags.keepTag }
}

function printGroup(printer: Printer, { key, keep, remove, reasons }: ForgetGroup, options: { readonly compact: boolean }): void {
  if (printer.verbosity === 0) return
  const heading = groupHeading(key)
  if (heading !== undefined) printer.detail(heading)
  if (keep.length > 0) {
    const why = new Map(reasons.map(({ snapshot, matches }) => [snapshot.id as string, matches]))
    const lines = [`keep ${keep.length} snapshots:`, ...snapshotTable(keep, { ...options, reasons: why }), '']
    for (const line of lines) printer.result(line)
  }
  if (remove.length > 0)
    for (const line of [`remove ${remove.length} snapshots:`, ...snapshotTable(remove, options), '']) printer.result(line)
}

async function execute(
  session: Session,
  plan: ForgetPlan,
  options: { readonly context: CommandContext; readonly printer: Printer; readonly isDryRun: boolean },
): Promise<void> {
  const { printer, isDryRun } = options
  const { remove } = plan
  let failures = 0
  if (remove.length > 0 && isDryRun) {
    printer.info('Would have removed the following snapshots:')
    printer.info(`{${remove.map(({ id }) => shortId(id)).join(' ')}}`)
    printer.info('')
  } else if (remove.length > 0) {
    let done = 0
    const steps = new StepCounters(printer, options.context.environment)
    const onRemoved = (): void => steps.show({ step: 'files deleted', done: ++done, total: remove.length })
    const { failed } = await executeForget(session.repository, plan, { signal: session.signal, onRemoved }).finally(() => steps.done())
    for (const [id, error] of failed) printer.warn(`unable to remove snapshot/${id} from the repository: ${error.message}`)
    failures = failed.size
  }
  if (printer.isJson && plan.groups.length > 0) printer.message(plan.groups.map(groupMessage))
  if (failures > 0) throw new CommandFailure('incomplete', 'failed to remove one or more snapshots')
}

function groupMessage({ key, keep, remove, reasons }: ForgetGroup): object {
  return {
    tags: key.tags,
    host: key.hostname,
    paths: key.paths,
    keep: listOrNull(keep.map(snapshotJson)),
    remove: listOrNull(remove.map(snapshotJson)),
    reasons: listOrNull(reasons.map(({ snapshot, matches }) => ({ snapshot: snapshotJson(snapshot), matches }))),
  }
}

/** Go writes an empty list that was never made as null. */
function listOrNull(list: readonly object[]): readonly object[] | null {
  return list.length === 0 ? null : list
}
