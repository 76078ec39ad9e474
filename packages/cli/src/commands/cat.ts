import { type BlobId, type CatFile, catBlob, catFile, findSnapshot, findSubtree, loadSnapshots, parseId } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { Printer } from '../output/printer.ts'
import { type Session, withRepository } from '../session/open-session.ts'

const WORDS = ['config', 'index', 'snapshot', 'key', 'masterkey', 'lock', 'pack', 'blob', 'tree'] as const
type Word = (typeof WORDS)[number]

export const catCommand = defineCommand({
  usage: '[masterkey|config|pack ID|blob ID|snapshot ID|index ID|key ID|lock ID|tree snapshot:subfolder]',
  description: `
    Prints objects of the repository as they are stored, decrypted. The master key opens the repository without any
    password: keep it to yourself.
  `,
  flags: {},
  words: WORDS,
  examples: [
    { line: 'cat config', does: 'Is there a repository, and of which version?' },
    { line: 'cat snapshot latest', does: 'What does the newest snapshot say of itself?' },
    { line: 'cat tree latest:/etc', does: 'The stored form of a folder' },
  ],
  async run(context, { args }) {
    const [first, name] = args
    if (first === undefined) throw new CommandFailure('usage', 'type not specified')
    const word = WORDS.find((known) => known === first)
    if (word === undefined) throw new CommandFailure('usage', `invalid type ${JSON.stringify(first)}, must be one of [${WORDS.join('|')}]`)
    if (word !== 'masterkey' && word !== 'config' && args.length !== 2) throw new CommandFailure('usage', 'ID not specified')
    const printer = new Printer(context)
    await withRepository(context, { printer, lock: context.globals.noLock ? 'none' : 'shared' }, async (session) => {
      const content = await contentOf(session, { word, name: name ?? '', printer })
      await context.terminal.writeBytes(content)
      if (!['pack', 'blob', 'tree'].includes(word)) printer.result('')
    })
  },
})

async function contentOf(
  { repository, signal }: Session,
  object: { readonly word: Word; readonly name: string; readonly printer: Printer },
): Promise<Uint8Array> {
  const { word, name, printer } = object
  switch (word) {
    case 'blob': {
      const id = parseId<BlobId>(name)
      if (id === undefined) throw new CommandFailure('usage', `unable to parse ID: ${JSON.stringify(name)} is not one`)
      return catBlob(await repository.loadIndex({ signal }), id, { signal })
    }
    case 'tree': {
      const { snapshot, subfolder } = findSnapshot(await loadSnapshots(repository, { signal }), name)
      const indexed = await repository.loadIndex({ signal })
      return indexed.readBlob('tree', await findSubtree(indexed, snapshot.tree, { subfolder, signal }), { signal })
    }
    default: {
      const file = await fileOf(word, { name, repository, signal })
      const { content, isDamaged } = await catFile(repository, file, { signal })
      if (isDamaged) printer.warn(`Warning: hash of data does not match ID ${name}`)
      return content
    }
  }
}

async function fileOf(
  word: Exclude<Word, 'blob' | 'tree'>,
  named: { readonly name: string } & Pick<Session, 'repository' | 'signal'>,
): Promise<CatFile> {
  if (word === 'config' || word === 'masterkey') return { kind: word }
  if (word !== 'snapshot') return { kind: word, id: named.name }
  const { snapshot } = findSnapshot(await loadSnapshots(named.repository, { signal: named.signal }), named.name)
  return { kind: 'snapshot', id: snapshot.id }
}
