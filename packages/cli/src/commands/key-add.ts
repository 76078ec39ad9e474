import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { Printer } from '../output/printer.ts'
import { makeKey, NEW_KEY_FLAGS } from '../session/new-key.ts'
import { withRepository } from '../session/open-session.ts'

export const keyAddCommand = defineCommand({
  usage: '',
  description: 'Makes one more key, so that another password opens the repository too.',
  flags: NEW_KEY_FLAGS,
  examples: [
    { line: 'key add', does: 'Add a password; it is asked for' },
    { line: 'key add --new-password-file /root/second-password --user backup-admin', does: 'Add one from a file' },
  ],
  async run(context, { flags, args }) {
    if (args.length > 0) throw new CommandFailure('usage', 'the key add command expects no arguments, only options')
    const printer = new Printer(context, { isJson: false })
    await withRepository(context, { printer, lock: 'shared' }, async (session) => {
      printer.info(`saved new key with ID ${await makeKey(session, context, flags)}`)
    })
  },
})
