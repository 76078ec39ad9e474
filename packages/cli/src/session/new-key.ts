import { addKey, type KeyId, removeKey, unlockKey } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import type { CommandContext } from '../command-line/command.ts'
import { type FlagValues, text, toggle } from '../command-line/flag.ts'
import type { Session } from './open-session.ts'
import { askNewPassword } from './password.ts'
import { readNamedText } from './text-file.ts'

/** Flags of the commands that make a key. */
export const NEW_KEY_FLAGS = {
  newPasswordFile: text('--new-password-file <file>', 'read the new password from a file', 'file'),
  newInsecureNoPassword: toggle('--new-insecure-no-password', 'make a key with an empty password (insecure)'),
  user: text('--user <name>', 'the user that the key names'),
  host: text('--host <name>', 'the host that the key names'),
} as const

/** Makes a key and tries whether it opens the repository; one that does not is removed again. */
export async function makeKey(session: Session, context: CommandContext, flags: FlagValues<typeof NEW_KEY_FLAGS>): Promise<KeyId> {
  const { repository, signal } = session
  const { storage, masterKey, clock, identity, keyId } = repository
  const password = await newPassword(flags, context)
  const names = { hostname: flags.host ?? identity.hostname, username: flags.user ?? identity.username }
  const id = await addKey(storage, masterKey, { password, identity: names, clock, signal })
  try {
    await unlockKey(storage, { password, keyHint: id, signal })
  } catch (error) {
    await removeKey(storage, id, { inUse: keyId }).catch(() => undefined)
    throw error
  }
  return id
}

async function newPassword(flags: FlagValues<typeof NEW_KEY_FLAGS>, context: CommandContext): Promise<string> {
  if (flags.newInsecureNoPassword) {
    if (flags.newPasswordFile !== undefined) {
      throw new CommandFailure('usage', 'only either --new-password-file or --new-insecure-no-password may be specified')
    }
    return ''
  }
  if (flags.newPasswordFile === undefined) return askNewPassword('enter new password: ', context)
  const password = await readNamedText(flags.newPasswordFile)
  if (password !== '') return password
  throw new CommandFailure(
    'usage',
    'an empty password is not allowed by default. Pass the flag `--new-insecure-no-password` to disable this check',
  )
}
