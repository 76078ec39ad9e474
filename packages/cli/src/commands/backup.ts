import { hostname } from 'node:os'
import { posix } from 'node:path'
import {
  type BackupOptions,
  type BackupResult,
  type ByteString,
  backup,
  backupStream,
  byteStringOf,
  CACHE_MARKER,
  estimateBackup,
  findParent,
  findSnapshot,
  type IndexedRepository,
  loadSnapshots,
  parseByteSize,
  parseExclusionMarker,
  parseGroupBy,
  parseTagList,
  runProgram,
  type SelectionRules,
  type SpareThreads,
  type StoredSnapshot,
  shortId,
  spareBackupThreads,
  systemClock,
  type Timestamp,
  timestampFromMs,
} from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { type CommandContext, defineCommand } from '../command-line/command.ts'
import { type FlagValues, hidden, parsed, parsedMany, text, texts, toggle, wholeNumber } from '../command-line/flag.ts'
import { BackupReport } from '../output/backup-report.ts'
import { Printer, verbosityOf } from '../output/printer.ts'
import { progressIntervalMs } from '../output/progress-updater.ts'
import { parseLocalTime } from '../output/times.ts'
import { programVersion } from '../program-version.ts'
import { type BackupTargets, collectTargets, devicesOf } from '../session/backup-targets.ts'
import { type Session, withRepository } from '../session/open-session.ts'
import { needsStandardInput } from '../session/password.ts'
import { EXCLUDE_FLAGS, excludePatterns } from '../session/pattern-flags.ts'
import { mainSource } from '../session/repository-source.ts'
import { writeOptions } from '../session/write-options.ts'

const FLAGS = {
  parent: text('--parent <snapshot>', 'compare with this snapshot (default: the newest of the same host and paths)'),
  groupBy: parsed('-g, --group-by <group>', "find the parent by host, paths and tags (default: host,paths; '' for any)", parseGroupBy),
  force: toggle('-f, --force', 'read all files again, whatever a parent says'),
  ...EXCLUDE_FLAGS,
  oneFileSystem: toggle('-x, --one-file-system', 'do not enter other file systems'),
  excludeIfPresent: texts(
    '--exclude-if-present <name[:header]>',
    'leave out folders that hold a file of that name, beginning so (repeatable)',
  ),
  excludeCaches: toggle('--exclude-caches', 'leave out folders that a CACHEDIR.TAG marks as caches'),
  excludeLargerThan: parsed('--exclude-larger-than <size>', 'leave out files larger than this, such as 500M', parseByteSize),
  stdin: toggle('--stdin', 'back up standard input'),
  stdinFilename: text('--stdin-filename <name>', 'name of the file in the snapshot (default: stdin)'),
  stdinFromCommand: toggle('--stdin-from-command', 'run the arguments as a command and back up its output'),
  tag: parsedMany('--tag <tags>', 'give the snapshot these tags, separated by commas (repeatable)', parseTagList),
  readConcurrency: parsed('--read-concurrency <n>', 'read so many files at once (default: as many as there are cores)', (value) =>
    wholeNumber(value),
  ),
  host: text('-H, --host <name>', 'say that the snapshot is of this host (default: $RESTIC_HOST or the system’s name)'),
  hostname: hidden(text('--hostname <name>', 'the same as --host')),
  filesFrom: texts('--files-from <file>', 'back up what the patterns in a file stand for, one a line (repeatable)', 'file'),
  filesFromVerbatim: texts('--files-from-verbatim <file>', 'back up the paths in a file, one a line (repeatable)', 'file'),
  filesFromRaw: texts('--files-from-raw <file>', 'back up the paths in a file, each ended by a zero byte (repeatable)', 'file'),
  time: parsed('--time <time>', "say that the snapshot is of this time, such as '2012-11-01 22:08:41' (default: now)", parseLocalTime),
  withAtime: toggle('--with-atime', 'store when files were read last'),
  ignoreInode: toggle('--ignore-inode', 'a file with another inode or change time need not have changed'),
  ignoreCtime: toggle('--ignore-ctime', 'a file with another change time need not have changed'),
  dryRun: toggle('-n, --dry-run', 'store nothing, only say what would be stored'),
  noScan: toggle('--no-scan', 'do not count files beforehand, so that no time left is shown'),
  skipIfUnchanged: toggle('--skip-if-unchanged', 'make no snapshot when everything is as in the parent'),
} as const

type BackupFlags = FlagValues<typeof FLAGS>

export const backupCommand = defineCommand({
  usage: '[FILE|FOLDER ...]',
  description: `
    Makes a snapshot of files and folders. What the repository has already is not stored again, and files that have not
    changed since the snapshot before are not read.

    Files that cannot be read are reported and left out, and the exit status is 3.
  `,
  flags: FLAGS,
  examples: [
    { line: 'backup ~/Documents /etc --exclude-caches --tag daily', does: 'Back up two folders, without caches' },
    { line: 'backup / --one-file-system --exclude-file /etc/backup-excludes', does: 'Back up a whole machine' },
    {
      line: 'backup --stdin-from-command --stdin-filename shop.sql -- pg_dump shop',
      does: 'Back up a database; if the dump fails, so does the backup',
    },
    { line: 'backup ~ --dry-run -vv', does: 'What would be stored?' },
  ],
  async run(context, { flags, args }) {
    checkFlags(flags, { args, context })
    const printer = new Printer(context)
    const isStream = flags.stdin || flags.stdinFromCommand
    const targets = isStream ? undefined : await collectTargets({ args, ...flags }, { printer, terminal: context.terminal })
    const excludes = await excludePatterns(flags, context.environment)
    // The threads load their modules while the repository is opened.
    await using threads = spareBackupThreads(readConcurrencyOf(context, flags))
    const startedAt = timestampFromMs(systemClock.now())
    const plan: BackupPlan = { context, flags, args, printer, targets, excludes, startedAt, threads }
    printer.detail('open repository')
    const result = await withRepository(
      context,
      { printer, lock: flags.dryRun ? 'none' : 'shared', confirmLockLater: true, dryRun: flags.dryRun },
      (session) => run(session, plan),
    )
    if (result.errorCount > 0 || targets?.someMissing === true)
      throw new CommandFailure('incomplete', 'at least one source file could not be read')
  },
})

interface BackupPlan {
  readonly context: CommandContext
  readonly flags: BackupFlags
  readonly args: readonly string[]
  readonly printer: Printer
  /** Undefined when a stream is backed up. */
  readonly targets: BackupTargets | undefined
  readonly excludes: { readonly exact: readonly ByteString[]; readonly ignoringCase: readonly ByteString[] }
  readonly startedAt: Timestamp
  readonly threads: SpareThreads
}

function checkFlags(flags: BackupFlags, given: { readonly args: readonly string[]; readonly context: CommandContext }): void {
  const lists = { 'files-from': flags.filesFrom, 'files-from-verbatim': flags.filesFromVerbatim, 'files-from-raw': flags.filesFromRaw }
  if (needsStandardInput(mainSource(given.context)) && !given.context.terminal.inputIsTerminal) {
    if (flags.stdin) throw new CommandFailure('usage', 'cannot read both password and data from stdin')
    if (Object.values(lists).flat().includes('-')) {
      throw new CommandFailure(
        'usage',
        'unable to read password from stdin when data is to be read from stdin, use --password-file or $RESTIC_PASSWORD',
      )
    }
  }
  if (!flags.stdin && !flags.stdinFromCommand) return
  for (const [name, list] of Object.entries(lists)) {
    if (list.length > 0) throw new CommandFailure('usage', `--stdin and --${name} cannot be used together`)
  }
  if (given.args.length > 0 && !flags.stdinFromCommand)
    throw new CommandFailure('usage', '--stdin was specified and files/dirs were listed as arguments')
  if (given.args.length === 0 && flags.stdinFromCommand)
    throw new CommandFailure('usage', '--stdin-from-command needs a command as arguments')
}

async function run(session: Session, plan: BackupPlan): Promise<BackupResult> {
  const { context, flags, printer } = plan
  const { signal } = session
  const parent = await chooseParent(session, plan)
  if (plan.targets !== undefined) {
    printer.info(parent === undefined ? 'no parent snapshot found, will read all files' : `using parent snapshot ${shortId(parent.id)}`)
  }
  printer.detail('load index files')
  const indexed = await session.repository.loadIndex({ signal })
  const intervalMs = progressIntervalMs(context.environment, {
    isShown: !context.globals.quiet,
    isJson: context.globals.json,
    terminal: context.terminal,
  })
  const tellsItems = verbosityOf(context.globals) >= (context.globals.json ? 2 : 3)
  const report = new BackupReport(printer, { intervalMs, tellsItems })
  try {
    const result =
      plan.targets === undefined
        ? await backUpStream(indexed, { plan, report, signal, session })
        : await backUpFiles(indexed, { plan, report, signal, parent, session, intervalMs, targets: plan.targets })
    report.finish(result, { isDryRun: flags.dryRun })
    return result
  } finally {
    report.stop()
  }
}

async function chooseParent(session: Session, plan: BackupPlan): Promise<StoredSnapshot | undefined> {
  const { flags, targets } = plan
  if (flags.force || targets === undefined) return undefined
  const snapshots = await loadSnapshots(session.repository, {
    signal: session.signal,
    onBroken: (_id, error) => plan.printer.warn(error.message),
  })
  const host = hostOf(plan)
  const tags = flags.tag.flat()
  if (flags.parent !== undefined) return findSnapshot(snapshots, flags.parent, { hosts: [host], paths: targets.absolutePaths }).snapshot
  const time = flags.time ?? plan.startedAt
  return findParent(snapshots, {
    hostname: host,
    paths: targets.absolutePaths,
    tags,
    time,
    ...(flags.groupBy === undefined ? {} : { groupBy: flags.groupBy }),
  })
}

/** What both kinds of backups are told about the snapshot. */
function snapshotOptions(plan: BackupPlan): Pick<BackupOptions, 'hostname' | 'tags' | 'programVersion' | 'excludes' | 'time'> {
  const { flags } = plan
  return {
    hostname: hostOf(plan),
    tags: flags.tag.flat(),
    programVersion: `holdfast ${programVersion()}`,
    // As in restic, those of files and those without regard to case are not recorded.
    excludes: flags.exclude,
    ...(flags.time === undefined ? {} : { time: flags.time }),
  }
}

interface BackupRun {
  readonly plan: BackupPlan
  readonly session: Session
  readonly report: BackupReport
  readonly signal: AbortSignal
}

async function backUpFiles(
  indexed: IndexedRepository,
  run: BackupRun & {
    readonly parent: StoredSnapshot | undefined
    readonly intervalMs: number
    readonly targets: BackupTargets
  },
): Promise<BackupResult> {
  const { plan, report, parent, targets, intervalMs } = run
  const { context, flags } = plan
  const rules = rulesOf(plan, { paths: targets.paths, cacheFolder: run.session.cacheFolder })
  const finished = new AbortController()
  const signal = AbortSignal.any([run.signal, finished.signal])
  // Nobody sees the totals otherwise, and counting takes time from the backup.
  const isCounted = !flags.noScan && (intervalMs > 0 || verbosityOf(context.globals) >= 2)
  const counting = isCounted
    ? estimateBackup(targets.paths, { rules, signal, onGrowth: (total) => report.setTotal(total, { isWhole: false }) }).then(
        (total) => report.setTotal(total, { isWhole: true }),
        () => undefined,
      )
    : Promise.resolve()
  try {
    return await backup(indexed, {
      ...snapshotOptions(plan),
      ...writeOptions(context),
      targets: targets.paths,
      absolutePaths: targets.absolutePaths,
      rules,
      parent,
      changeDetection: {
        ignoreInode: flags.ignoreInode || isTrue(context, 'ignoreInode'),
        ignoreCtime: flags.ignoreCtime || flags.ignoreInode || isTrue(context, 'ignoreCtime') || isTrue(context, 'ignoreInode'),
      },
      withAtime: flags.withAtime,
      skipIfUnchanged: flags.skipIfUnchanged,
      readConcurrency: readConcurrencyOf(context, flags),
      threads: plan.threads,
      permission: run.session.confirmLock(),
      dryRun: flags.dryRun,
      progress: report.listener,
      signal: run.signal,
    })
  } finally {
    finished.abort()
    await counting
  }
}

async function backUpStream(indexed: IndexedRepository, { plan, report, signal, session }: BackupRun): Promise<BackupResult> {
  const { context, flags, args, printer } = plan
  const [program = '', ...programArgs] = args
  printer.detail('read data from stdin')
  const content = flags.stdinFromCommand
    ? runProgram(program, programArgs, { signal, onErrorOutput: (output) => context.terminal.prompt(output) })
    : (context.terminal.input as AsyncIterable<Uint8Array>)
  return backupStream(indexed, {
    ...snapshotOptions(plan),
    ...writeOptions(context),
    filename: byteStringOf(posix.join('/', flags.stdinFilename ?? 'stdin')),
    content,
    readConcurrency: readConcurrencyOf(context, flags),
    threads: plan.threads,
    permission: session.confirmLock(),
    dryRun: flags.dryRun,
    progress: report.listener,
    signal,
  })
}

function rulesOf(
  { flags, excludes }: BackupPlan,
  parts: { readonly paths: readonly ByteString[]; readonly cacheFolder: string | undefined },
): SelectionRules {
  const markers = flags.excludeIfPresent.map((marker) => parseExclusionMarker(byteStringOf(marker)))
  return {
    excludes: [...excludes.exact, ...(parts.cacheFolder === undefined ? [] : [asPattern(parts.cacheFolder)])],
    caseInsensitiveExcludes: excludes.ignoringCase,
    markers: flags.excludeCaches ? [...markers, CACHE_MARKER] : markers,
    excludeLargerThanBytes: flags.excludeLargerThan,
    devices: flags.oneFileSystem ? devicesOf(parts.paths) : undefined,
  }
}

/** A pattern that fits a path and nothing else. */
function asPattern(path: string): ByteString {
  return byteStringOf(path.replaceAll(/[\\*?[\]]/g, '\\$&'))
}

function hostOf({ flags, context }: BackupPlan): string {
  return flags.host ?? flags.hostname ?? context.environment.get('host') ?? hostname()
}

function readConcurrencyOf(context: CommandContext, flags: BackupFlags): number | undefined {
  const { environment } = context
  const value = environment.get('readConcurrency')
  if (flags.readConcurrency === undefined && value !== undefined && !/^\d{1,4}$/.test(value)) {
    throw new CommandFailure(
      'usage',
      `invalid value for ${environment.nameOf('readConcurrency')} ${JSON.stringify(value)}: not a whole number`,
    )
  }
  const wanted = flags.readConcurrency ?? (value === undefined ? 0 : Number(value))
  return wanted === 0 ? undefined : wanted
}

/** Whether a variable says yes, in one of the words that Go takes for it. */
function isTrue({ environment }: CommandContext, name: 'ignoreInode' | 'ignoreCtime'): boolean {
  return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(environment.get(name) ?? '')
}
