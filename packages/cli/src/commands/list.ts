import { type FileKind, findSnapshot, type IndexedRepository, loadSnapshots, packsOfSnapshot } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { Printer } from '../output/printer.ts'
import { type Session, withRepository } from '../session/open-session.ts'

const WORDS = ['blobs', 'packs', 'index', 'snapshots', 'keys', 'locks'] as const
const KINDS: Readonly<Record<string, FileKind>> = { packs: 'data', index: 'index', snapshots: 'snapshots', keys: 'keys', locks: 'locks' }

export const listCommand = defineCommand({
  usage: '[blobs|packs|index|snapshots|keys|locks|packs snapshotID]',
  description: 'Lists the IDs of one kind of objects. `packs` with a snapshot lists the packs that it needs.',
  flags: {},
  words: WORDS,
  examples: [
    { line: 'list locks', does: 'Which locks are there?' },
    { line: 'list packs latest', does: 'Which packs does the newest snapshot need?' },
  ],
  async run(context, { args }) {
    const [word = '', name] = args
    if (!WORDS.some((known) => known === word) || args.length > (word === 'packs' ? 2 : 1)) {
      throw new CommandFailure(
        'usage',
        `too many parameters or type not specified. Must be one of [${WORDS.join('|')}] or 'packs snapshotID'`,
      )
    }
    const printer = new Printer(context, { isJson: false })
    const lock = context.globals.noLock || word === 'locks' ? 'none' : 'shared'
    await withRepository(context, { printer, lock }, async (session) => {
      const lines =
        word === 'blobs'
          ? blobLines(await session.repository.loadIndex({ signal: session.signal }))
          : name === undefined
            ? fileLines(session, word)
            : packLines(session, name)
      for await (const line of lines) {
        printer.result(line)
        await context.terminal.drain()
      }
    })
  },
})

async function* fileLines({ repository, signal }: Session, word: string): AsyncGenerator<string> {
  for await (const { name } of repository.list(KINDS[word] ?? 'data', { signal })) yield name
}

function* blobLines(indexed: IndexedRepository): Generator<string> {
  for (const { type, id } of indexed.index) yield `${type} ${id}`
}

async function* packLines({ repository, signal }: Session, name: string): AsyncGenerator<string> {
  const { snapshot } = findSnapshot(await loadSnapshots(repository, { signal }), name)
  const indexed = await repository.loadIndex({ signal })
  for (const id of await packsOfSnapshot(indexed, snapshot, { signal })) yield id
}
