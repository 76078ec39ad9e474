import {
  displayText,
  type IndexedRepository,
  loadSnapshots,
  type PathFilter,
  rewriteSnapshot,
  type StoredSnapshot,
  selectSnapshots,
  shortId,
} from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { type CommandContext, defineCommand } from '../command-line/command.ts'
import { type FlagValues, parsed, text, toggle } from '../command-line/flag.ts'
import { Printer } from '../output/printer.ts'
import { describeSnapshot } from '../output/snapshot-output.ts'
import { localTime, parseLocalTime } from '../output/times.ts'
import { withRepository } from '../session/open-session.ts'
import { EXCLUDE_FLAGS, excludePatterns, filterOf, INCLUDE_FLAGS, includePatterns } from '../session/pattern-flags.ts'
import { SNAPSHOT_FLAGS, snapshotFilter } from '../session/snapshot-flags.ts'
import { writeOptions } from '../session/write-options.ts'

const FLAGS = {
  forget: toggle('--forget', 'remove the snapshots after they were written anew'),
  dryRun: toggle('-n, --dry-run', 'write nothing, only say what would happen'),
  newHost: text('--new-host <host>', 'give the snapshots another host'),
  newTime: parsed('--new-time <time>', "give the snapshots another time, such as '2012-11-01 22:08:41'", parseLocalTime),
  snapshotSummary: toggle('-s, --snapshot-summary', 'count files and bytes of snapshots that have no summary'),
  ...SNAPSHOT_FLAGS,
  ...EXCLUDE_FLAGS,
  ...INCLUDE_FLAGS,
} as const

export const rewriteCommand = defineCommand({
  usage: '[snapshotID ...]',
  description: `
    Writes snapshots anew without some of their files, or with another host or time. Where neither IDs nor a filter are
    given, all snapshots are meant. The new ones get the tag rewrite and the former ones stay, unless --forget is given.

    The data of dropped files stays in the repository until the former snapshots are forgotten and \`prune\` has run.
  `,
  flags: FLAGS,
  examples: [
    { line: "rewrite --exclude '/home/ann/secrets' --forget", does: 'Take a folder out of all snapshots' },
    { line: 'rewrite --new-host web1 6c0f30d2', does: 'Correct the host of one snapshot' },
  ],
  async run(context, { flags, args }) {
    const excludes = filterOf(await excludePatterns(flags, context.environment))
    const includes = filterOf(await includePatterns(flags, context.environment))
    if (excludes !== undefined && includes !== undefined)
      throw new CommandFailure('usage', 'exclude and include patterns are mutually exclusive')
    if (!excludes && !includes && !flags.snapshotSummary && flags.newHost === undefined && flags.newTime === undefined) {
      throw new CommandFailure('usage', 'Nothing to do: no excludes/includes provided and no new metadata provided')
    }
    const printer = new Printer(context, { isJson: false })
    if (flags.forget) printer.info('create exclusive lock for repository')
    const lock = flags.dryRun ? 'none' : flags.forget ? 'exclusive' : 'shared'
    await withRepository(context, { printer, lock, dryRun: flags.dryRun }, async ({ repository, signal }) => {
      const all = await loadSnapshots(repository, { signal })
      const indexed = await repository.loadIndex({ signal })
      const { snapshots } = selectSnapshots(all, args, snapshotFilter(flags, context.environment))
      let changed = 0
      for (const snapshot of snapshots) {
        if (await rewriteOne(indexed, snapshot, { context, printer, flags, excludes, includes, signal })) changed++
      }
      printer.info('')
      const [none, some] = flags.dryRun ? ['would be modified', 'would modify'] : ['were modified', 'modified']
      printer.info(changed === 0 ? `no snapshots ${none}` : `${some} ${changed} snapshots`)
    })
  },
})

interface RewriteRun {
  readonly context: CommandContext
  readonly printer: Printer
  readonly flags: FlagValues<typeof FLAGS>
  readonly excludes: PathFilter | undefined
  readonly includes: PathFilter | undefined
  readonly signal: AbortSignal
}

/** Gives whether the snapshot was, or would be, replaced. */
async function rewriteOne(indexed: IndexedRepository, snapshot: StoredSnapshot, run: RewriteRun): Promise<boolean> {
  const { printer, flags, excludes, includes, signal } = run
  printer.info('')
  printer.info(describeSnapshot(snapshot))
  const outcome = await rewriteSnapshot(indexed, snapshot, {
    ...writeOptions(run.context),
    ...(excludes === undefined ? {} : { excludes }),
    ...(includes === undefined ? {} : { includes }),
    ...(flags.newHost === undefined ? {} : { newHost: flags.newHost }),
    ...(flags.newTime === undefined ? {} : { newTime: flags.newTime }),
    snapshotSummary: flags.snapshotSummary,
    forget: flags.forget,
    dryRun: flags.dryRun,
    signal,
    onDropped: (_snapshot, path) => printer.trace(`excluding ${JSON.stringify(displayText(path))}`),
  })
  if (outcome.kind === 'unchanged') return false
  const [saved, removed, set] = flags.dryRun
    ? ['would save new snapshot', 'would remove old snapshot', 'would set']
    : ['saved new snapshot', 'removed old snapshot', 'setting']
  if (flags.newTime !== undefined) printer.info(`${set} time to ${localTime(flags.newTime)}`)
  if (flags.newHost !== undefined) printer.info(`${set} host to ${flags.newHost}`)
  printer.info(outcome.id === undefined ? saved : `${saved} ${shortId(outcome.id)}`)
  if (flags.forget) printer.info(flags.dryRun ? removed : `${removed} ${shortId(snapshot.id)}`)
  return true
}
