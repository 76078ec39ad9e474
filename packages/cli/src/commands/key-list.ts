import { listKeys } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { Printer } from '../output/printer.ts'
import { tableLines } from '../output/table.ts'
import { localTime } from '../output/times.ts'
import { withRepository } from '../session/open-session.ts'

interface KeyRow {
  readonly current: boolean
  readonly id: string
  readonly userName: string
  readonly hostName: string
  readonly created: string
}

export const keyListCommand = defineCommand({
  usage: '',
  description: `
    Lists the keys of the repository: each opens it with a password of its own. The one in use has a star.
  `,
  flags: {},
  examples: [{ line: 'key list', does: 'Who can open the repository?' }],
  async run(context, { args }) {
    if (args.length > 0) throw new CommandFailure('usage', 'the key list command expects no arguments, only options')
    const printer = new Printer(context)
    await withRepository(context, { printer, lock: context.globals.noLock ? 'none' : 'shared' }, async ({ repository, signal }) => {
      const { keys, broken } = await listKeys(repository.storage, { signal })
      for (const id of broken) printer.warn(`key ${id} cannot be read`)
      const rows = keys.map(
        ({ id, file }): KeyRow => ({
          current: id === repository.keyId,
          id,
          userName: file.username,
          hostName: file.hostname,
          created: localTime(file.created),
        }),
      )
      if (printer.isJson) printer.message(rows)
      else for (const line of tableLines(COLUMNS, rows)) printer.result(line)
    })
  },
})

const COLUMNS = [
  { heading: ' ID', cell: ({ current, id }: KeyRow) => `${current ? '*' : ' '}${id.slice(0, 8)}` },
  { heading: 'User', cell: ({ userName }: KeyRow) => userName },
  { heading: 'Host', cell: ({ hostName }: KeyRow) => hostName },
  { heading: 'Created', cell: ({ created }: KeyRow) => created },
]
