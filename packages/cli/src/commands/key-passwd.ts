import { removeKey } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { Printer } from '../output/printer.ts'
import { makeKey, NEW_KEY_FLAGS } from '../session/new-key.ts'
import { withRepository } from '../session/open-session.ts'

export const keyPasswdCommand = defineCommand({
  usage: '',
  description: `
    Changes the password: makes a new key and removes the one that opened the repository. Other keys stay.
  `,
  flags: NEW_KEY_FLAGS,
  examples: [
    { line: 'key passwd', does: 'Change the password; the new one is asked for' },
    { line: 'key passwd --new-password-file /root/new-password', does: 'Take the new one from a file' },
  ],
  async run(context, { flags, args }) {
    if (args.length > 0) throw new CommandFailure('usage', 'the key passwd command expects no arguments, only options')
    const printer = new Printer(context, { isJson: false })
    await withRepository(context, { printer, lock: 'exclusive' }, async (session) => {
      const id = await makeKey(session, context, flags)
      const { storage, keyId } = session.repository
      await removeKey(storage, keyId, { inUse: id, signal: session.signal })
      printer.info(`saved new key as ${id}`)
    })
  },
})
