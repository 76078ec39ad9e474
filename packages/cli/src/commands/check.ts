import {
  type CheckReport,
  checkRepository,
  type Finding,
  filterSnapshots,
  parseReadDataSubset,
  repairCommands,
  selectPacks,
  selectSnapshots,
  spareVerifyThreads,
} from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { type CommandContext, defineCommand } from '../command-line/command.ts'
import { type FlagValues, hidden, parsed, toggle } from '../command-line/flag.ts'
import { formatBytes } from '../output/format.ts'
import { Printer } from '../output/printer.ts'
import { describeSnapshot } from '../output/snapshot-output.ts'
import { StepCounters } from '../output/step-counters.ts'
import { withRepository } from '../session/open-session.ts'
import { SNAPSHOT_FLAGS_WITHOUT_USUAL_HOST } from '../session/snapshot-flags.ts'

const FLAGS = {
  readData: toggle('--read-data', 'read all packs and verify every byte'),
  readDataSubset: parsed(
    '--read-data-subset <subset>',
    "read a part of the packs: 'n/t' for part n of t, 'x%' or a size for a random choice",
    parseReadDataSubset,
  ),
  checkUnused: hidden(toggle('--check-unused', 'report blobs that no snapshot needs')),
  withCache: toggle('--with-cache', 'use the cache, so that only what is not in it is read from the storage'),
  ...SNAPSHOT_FLAGS_WITHOUT_USUAL_HOST,
} as const

export const checkCommand = defineCommand({
  usage: '[snapshotID ...]',
  description: `
    Looks for everything that is wrong with a repository: keys, snapshots, index, every folder of every snapshot, and
    whether all packs are there in full. With --read-data, or a part of it with --read-data-subset, also whether every byte
    is as it was written.

    When something is damaged, the exit status is 1, and the last lines say what is lost and how to repair the rest.
  `,
  flags: FLAGS,
  examples: [
    { line: 'check', does: 'Is the repository sound?' },
    { line: 'check --read-data-subset 1/7', does: 'Verify a seventh of the data, another one each day of the week' },
    { line: 'check --read-data', does: 'Verify all data' },
  ],
  async run(context, { flags, args }) {
    if (flags.readData && flags.readDataSubset !== undefined) {
      throw new CommandFailure('usage', 'check flags --read-data and --read-data-subset cannot be used together')
    }
    const printer = new Printer(context)
    try {
      const report = await check(context, printer, { flags, args })
      if (printer.isJson) printer.message(summaryMessage(report))
      else printOutcome(printer, report)
      if (report.errorCount > 0) throw new CommandFailure('failed', 'repository contains errors')
    } catch (error) {
      if (printer.isJson && !(error instanceof CommandFailure)) printer.message(FAILED_SUMMARY)
      throw error
    }
  },
})

/** What a check says that could not be carried out. */
const FAILED_SUMMARY = { message_type: 'summary', num_errors: 1, broken_packs: null, suggest_repair_index: false, suggest_prune: false }

async function check(
  context: CommandContext,
  printer: Printer,
  input: { readonly flags: FlagValues<typeof FLAGS>; readonly args: readonly string[] },
): Promise<CheckReport> {
  const { flags, args } = input
  // Not by RESTIC_HOST: what names a machine for its backups must not make a check pass over all others unseen. restic 0.18 checks all.
  const filter = { hosts: flags.host.filter((host) => host !== ''), tags: flags.tag, paths: flags.path }
  const isFiltered = args.length > 0 || Object.values(filter).some((list) => list.length > 0)
  if (!context.globals.noLock) printer.info('create exclusive lock for repository')
  const lock = context.globals.noLock ? 'none' : 'exclusive'
  const { readDataSubset: subset } = flags
  // The threads load their modules while the repository is opened.
  await using threads = flags.readData || subset !== undefined ? spareVerifyThreads() : undefined
  const options = { printer, lock, confirmLockLater: true, freshCache: !flags.withCache } as const
  return await withRepository(context, options, async ({ repository, signal: interrupted, confirmLock }) => {
    // A check only reads, so that the lock may settle beside it; if another process was quicker, the check ends.
    const refused = new AbortController()
    const confirmed = confirmLock().catch((error: unknown) => refused.abort(error))
    const signal = AbortSignal.any([interrupted, refused.signal])
    printer.info('load indexes')
    printer.info('check all packs')
    printer.info('check snapshots, trees and blobs')
    if (flags.readData) printer.info(`read all ${isFiltered ? 'filtered ' : ''}data`)
    const steps = new StepCounters(printer, context.environment)
    const report = await checkRepository(repository, {
      threads,
      readData: subset === undefined ? (flags.readData ? 'all' : 'none') : (packs) => selectPacks(packs, subset),
      ...(isFiltered
        ? { select: (snapshots) => (args.length > 0 ? selectSnapshots(snapshots, args).snapshots : filterSnapshots(snapshots, filter)) }
        : {}),
      unused: flags.checkUnused,
      signal,
      onFinding: (finding) => printFinding(printer, finding),
      onProgress: (progress) => steps.show(progress),
    }).finally(() => steps.done())
    await confirmed
    signal.throwIfAborted()
    return report
  })
}

function printFinding(printer: Printer, { severity, kind, message }: Finding): void {
  if (severity === 'error' && printer.isJson) printer.warnMessage({ message_type: 'error', message, kind })
  else if (severity === 'error') printer.warn(`error: ${message}`)
  else if (kind === 'pack.orphaned' || kind === 'blob.unused' || kind === 'node.size') printer.detail(message)
  else if (!printer.isJson) printer.result(message)
}

function summaryMessage({ errorCount, damagedPacks, remedies }: CheckReport): object {
  return {
    message_type: 'summary',
    num_errors: errorCount,
    broken_packs: damagedPacks.length === 0 ? null : damagedPacks,
    suggest_repair_index: remedies.includes('repair-index'),
    suggest_prune: remedies.includes('prune'),
  }
}

function printOutcome(printer: Printer, report: CheckReport): void {
  if (report.packsRead > 0) printer.info(`read ${report.packsRead} packs, ${formatBytes(report.bytesRead)}`)
  if (report.errorCount === 0) {
    const orphaned = report.counts.get('pack.orphaned') ?? 0
    if (orphaned > 0) printer.info(`${orphaned} additional files were found in the repo, which likely contain duplicate data.`)
    const hints = repairCommands(report)
    if (hints.length > 0) printer.info(`This is non-critical; it can be put right with: ${hints.join('; ')}`)
    printer.success('no errors were found')
    return
  }
  printer.warn('')
  if (!report.isComplete) printer.warn('The index is damaged, which hides the rest from view: check again after it is repaired.')
  for (const affected of report.affected) printer.warn(`cannot be restored whole: ${describeSnapshot(affected.snapshot)}`)
  printer.warn('The repository is damaged. What is still good can be rescued; to be run in this order:')
  for (const command of repairCommands(report)) printer.warn(`  ${command}`)
}
