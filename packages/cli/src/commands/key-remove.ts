import { type KeyId, removeKey, resolveFileId } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { Printer } from '../output/printer.ts'
import { withRepository } from '../session/open-session.ts'

export const keyRemoveCommand = defineCommand({
  usage: 'ID',
  description: 'Removes a key, so that its password opens the repository no more. The one in use cannot be removed.',
  flags: {},
  examples: [{ line: 'key remove 1f93c5b7', does: 'Remove a key; `key list` shows the IDs' }],
  async run(context, { args }) {
    const [start] = args
    if (start === undefined || args.length !== 1) throw new CommandFailure('usage', 'key remove expects one argument as the key id')
    const printer = new Printer(context)
    await withRepository(context, { printer, lock: 'exclusive' }, async ({ repository, signal }) => {
      const id = (await resolveFileId(repository, { kind: 'keys', start }, { signal })) as string as KeyId
      if (id === repository.keyId) throw new CommandFailure('failed', 'refusing to remove key currently used to access repository')
      await removeKey(repository.storage, id, { inUse: repository.keyId, signal })
      printer.info(`removed key ${id}`)
    })
  },
})
