import {
  type AttributePatterns,
  executeRestore,
  findSnapshot,
  findSubtree,
  loadSnapshots,
  type PathFilter,
  planRestore,
  type RestoreRequest,
  spareRestoreThreads,
} from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { choice, type FlagValues, text, texts, toggle } from '../command-line/flag.ts'
import { pathArgument } from '../command-line/path-argument.ts'
import { Printer, verbosityOf } from '../output/printer.ts'
import { progressIntervalMs } from '../output/progress-updater.ts'
import { RestoreReport } from '../output/restore-report.ts'
import { describeSnapshot } from '../output/snapshot-output.ts'
import { withRepository } from '../session/open-session.ts'
import { EXCLUDE_FLAGS, excludePatterns, filterOf, INCLUDE_FLAGS, includePatterns } from '../session/pattern-flags.ts'
import { latestFilter, SNAPSHOT_FLAGS } from '../session/snapshot-flags.ts'

const FLAGS = {
  target: text('-t, --target <folder>', 'where to restore to', 'folder'),
  ...EXCLUDE_FLAGS,
  ...INCLUDE_FLAGS,
  excludeXattr: texts('--exclude-xattr <pattern>', 'leave out extended attributes that fit (repeatable)'),
  includeXattr: texts('--include-xattr <pattern>', 'restore only extended attributes that fit (repeatable)'),
  ...SNAPSHOT_FLAGS,
  dryRun: toggle('--dry-run', 'write nothing, only say what would be written'),
  sparse: toggle('--sparse', 'leave runs of zeros as holes'),
  verify: toggle('--verify', 'read restored files again and compare them'),
  overwrite: choice('--overwrite <mode>', 'what happens to files that exist: always, if-changed, if-newer or never', [
    'always',
    'if-changed',
    'if-newer',
    'never',
  ] as const),
  delete: toggle('--delete', 'remove what is in the target and not in the snapshot; see what with --dry-run -vv'),
  ownershipByName: toggle('--ownership-by-name', 'give files to users and groups by their names, not numbers'),
} as const

export const restoreCommand = defineCommand({
  usage: 'snapshotID[:folder]',
  description: `
    Restores what a snapshot holds into a folder. \`latest\` stands for the newest snapshot, \`snapshotID:folder\` for a folder
    of one. Of files that are there already only what differs is written.
  `,
  flags: FLAGS,
  examples: [
    { line: 'restore latest --target /tmp/restored', does: 'Restore everything' },
    { line: "restore latest:/home/ann --target /home/ann --include '*.docx'", does: 'Bring documents back where they were' },
    { line: 'restore 79766175 --target / --delete --include /etc --dry-run -vv', does: 'What would it take to set a folder back?' },
  ],
  async run(context, { flags, args }) {
    const excludes = filterOf(await excludePatterns(flags, context.environment))
    const includes = filterOf(await includePatterns(flags, context.environment))
    const target = checkFlags(flags, { args, excludes, includes })
    const printer = new Printer(context)
    const options = { printer, lock: context.globals.noLock ? 'none' : 'shared', confirmLockLater: true } as const
    // The threads load their modules while the repository is opened.
    await using threads = spareRestoreThreads()
    await withRepository(context, options, async ({ repository, signal, confirmLock }) => {
      const snapshots = await loadSnapshots(repository, { signal })
      const { snapshot, subfolder } = findSnapshot(snapshots, args[0] ?? '', latestFilter(flags, context.environment))
      const indexed = await repository.loadIndex({ signal })
      await confirmLock()
      const tree = await findSubtree(indexed, snapshot.tree, { subfolder, signal })
      const isShown = !context.globals.quiet
      const intervalMs = progressIntervalMs(context.environment, { isShown, isJson: context.globals.json, terminal: context.terminal })
      const report = new RestoreReport(printer, { intervalMs, isTracing: verbosityOf(context.globals) >= 3 })
      printer.info(`restoring ${describeSnapshot(snapshot)} to ${target}`)
      const request: RestoreRequest = { tree, target: pathArgument(target), ...requestOptions(flags, { excludes, includes }) }
      try {
        const options = { signal, progress: report, threads }
        const statistics = flags.dryRun
          ? (await planRestore(indexed, request, options)).statistics
          : await executeRestore(indexed, request, options)
        report.finish(statistics)
        if (statistics.problems > 0) throw new CommandFailure('failed', `There were ${statistics.problems} errors`)
        if (flags.verify) printer.info(`finished verifying ${statistics.filesVerified} files in ${target}`)
      } finally {
        report.stop()
      }
    })
  },
})

interface Filters {
  readonly excludes: PathFilter | undefined
  readonly includes: PathFilter | undefined
}

/** Gives the target. */
function checkFlags(flags: FlagValues<typeof FLAGS>, given: Filters & { readonly args: readonly string[] }): string {
  const { args, excludes, includes } = given
  if (args.length === 0) throw new CommandFailure('usage', 'no snapshot ID specified')
  if (args.length > 1) throw new CommandFailure('usage', `more than one snapshot ID specified: ${args.join(' ')}`)
  if (flags.target === undefined || flags.target === '')
    throw new CommandFailure('usage', 'please specify a directory to restore to (--target)')
  if (excludes !== undefined && includes !== undefined)
    throw new CommandFailure('usage', 'exclude and include patterns are mutually exclusive')
  if (flags.excludeXattr.length > 0 && flags.includeXattr.length > 0) {
    throw new CommandFailure('usage', 'exclude and include xattr patterns are mutually exclusive')
  }
  if (flags.dryRun && flags.verify) throw new CommandFailure('usage', '--dry-run and --verify are mutually exclusive')
  return flags.target
}

function requestOptions(flags: FlagValues<typeof FLAGS>, filters: Filters): Omit<RestoreRequest, 'tree' | 'target'> {
  const select = selectionOf(filters)
  const attributes: AttributePatterns | undefined =
    flags.includeXattr.length > 0
      ? { mode: 'include', patterns: flags.includeXattr }
      : flags.excludeXattr.length > 0
        ? { mode: 'exclude', patterns: flags.excludeXattr }
        : undefined
  return {
    removeExtraneous: flags.delete,
    sparse: flags.sparse,
    verify: flags.verify,
    ownershipByName: flags.ownershipByName,
    ...(flags.overwrite === undefined ? {} : { overwrite: flags.overwrite }),
    ...(select === undefined ? {} : { select }),
    ...(attributes === undefined ? {} : { attributes }),
  }
}

function selectionOf({ excludes, includes }: Filters): RestoreRequest['select'] {
  if (excludes !== undefined) {
    return (path, isFolder) => {
      const selected = !excludes.matches(path)
      return { selected, childMayBeSelected: selected && isFolder }
    }
  }
  if (includes === undefined) return undefined
  return (path, isFolder) => {
    const { matched, childMayMatch } = includes.match(path)
    return { selected: matched, childMayBeSelected: childMayMatch && isFolder }
  }
}
