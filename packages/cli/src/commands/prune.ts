import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { text, toggle } from '../command-line/flag.ts'
import { Printer } from '../output/printer.ts'
import { withRepository } from '../session/open-session.ts'
import { PRUNE_FLAGS, pruneLimits, runPrune } from '../session/prune-run.ts'

export const pruneCommand = defineCommand({
  usage: '',
  description: `
    Removes data that no snapshot refers to. Packs that are used in part are written anew, unless little of them is unused.
  `,
  flags: {
    ...PRUNE_FLAGS,
    dryRun: toggle('-n, --dry-run', 'remove nothing, only say what would be removed'),
    unsafeRecoverNoFreeSpace: text('--unsafe-recover-no-free-space <id>', 'not supported: make room first, or try --max-repack-size 0'),
  },
  examples: [
    { line: 'prune', does: 'Free the space of forgotten snapshots' },
    { line: 'prune --max-unused 0 --repack-uncompressed', does: 'Free all of it, and compress what is not yet' },
    { line: 'prune --dry-run -v', does: 'How much would be freed?' },
  ],
  async run(context, { flags }) {
    if (flags.unsafeRecoverNoFreeSpace !== undefined) {
      throw new CommandFailure('usage', '--unsafe-recover-no-free-space is not supported: make room first, or try --max-repack-size 0')
    }
    if (flags.repackUncompressed && context.globals.compression === 'off') {
      throw new CommandFailure('usage', 'disabled compression and `--repack-uncompressed` are mutually exclusive')
    }
    if (context.globals.noLock && !flags.dryRun) {
      throw new CommandFailure('usage', '--no-lock is only applicable in combination with --dry-run for prune command')
    }
    const printer = new Printer(context)
    const lock = flags.dryRun && context.globals.noLock ? 'none' : 'exclusive'
    await withRepository(context, { printer, lock }, (session) =>
      runPrune(session, { context, printer, limits: pruneLimits(flags), isDryRun: flags.dryRun }),
    )
  },
})
