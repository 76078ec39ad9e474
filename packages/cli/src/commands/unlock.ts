import { unlock } from '@holdfast/engine'
import { defineCommand } from '../command-line/command.ts'
import { toggle } from '../command-line/flag.ts'
import { Printer } from '../output/printer.ts'
import { withRepository } from '../session/open-session.ts'

export const unlockCommand = defineCommand({
  usage: '',
  description: `
    Removes the locks of processes that are gone: older than half an hour, or of a process of this machine that has ended.
  `,
  flags: { removeAll: toggle('--remove-all', 'remove all locks, also those of processes that still work') },
  examples: [
    { line: 'unlock', does: 'Remove the locks that a crash left' },
    { line: 'unlock --remove-all', does: 'Remove all locks, when you know that nobody works on the repository' },
  ],
  async run(context, { flags }) {
    const printer = new Printer(context)
    await withRepository(context, { printer, lock: 'none' }, async ({ repository, signal }) => {
      const removed = await unlock(repository, { all: flags.removeAll, signal })
      if (removed > 0) printer.info(`successfully removed ${removed} locks`)
    })
  },
})
