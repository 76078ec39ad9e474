import { changeTags, loadSnapshots, parseTagList, selectSnapshots } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { parsedMany } from '../command-line/flag.ts'
import { Printer } from '../output/printer.ts'
import { withRepository } from '../session/open-session.ts'
import { SNAPSHOT_FLAGS, snapshotFilter } from '../session/snapshot-flags.ts'

export const tagCommand = defineCommand({
  usage: '[snapshotID ...]',
  description: `
    Changes the tags of the snapshots that are named, or of all that fit the filter. A changed snapshot gets another ID.
  `,
  flags: {
    set: parsedMany('--set <tags>', 'replace all tags by these, separated by commas; empty for none (repeatable)', parseTagList),
    add: parsedMany('--add <tags>', 'add these tags (repeatable)', parseTagList),
    remove: parsedMany('--remove <tags>', 'remove these tags (repeatable)', parseTagList),
    ...SNAPSHOT_FLAGS,
  },
  examples: [
    { line: 'tag --add keep 590c8fc8', does: 'Add a tag to one snapshot' },
    { line: 'tag --host web1 --set production,web', does: 'Give all snapshots of a host the same tags' },
  ],
  async run(context, { flags, args }) {
    const [set, add, remove] = [flags.set.flat(), flags.add.flat(), flags.remove.flat()]
    if (set.length + add.length + remove.length === 0) throw new CommandFailure('usage', 'nothing to do!')
    if (set.length > 0 && add.length + remove.length > 0) {
      throw new CommandFailure('usage', '--set and --add/--remove cannot be given at the same time')
    }
    const printer = new Printer(context)
    printer.info('create exclusive lock for repository')
    await withRepository(context, { printer, lock: 'exclusive' }, async ({ repository, signal }) => {
      const all = await loadSnapshots(repository, { signal })
      const { snapshots } = selectSnapshots(all, args, snapshotFilter(flags, context.environment))
      const { changed, failed } = await changeTags(repository, snapshots, {
        change: set.length > 0 ? { set } : { add, remove },
        signal,
        onChanged: (former, current) => {
          if (printer.isJson) printer.message({ message_type: 'changed', old_snapshot_id: former, new_snapshot_id: current })
          printer.detail(`old snapshot ID: ${former} -> new snapshot ID: ${current}`)
        },
      })
      for (const [id, error] of failed) printer.warn(`unable to modify the tags for snapshot ID ${id}, ignoring: ${error.message}`)
      if (printer.isJson) printer.message({ message_type: 'summary', changed_snapshots: changed.size })
      printer.info(changed.size === 0 ? 'no snapshots were modified' : `modified ${changed.size} snapshots`)
      if (failed.size > 0) throw new CommandFailure('failed', `the tags of ${failed.size} snapshots could not be modified`)
    })
  },
})
