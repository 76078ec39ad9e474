import { open } from 'node:fs/promises'
import {
  type ByteString,
  displayText,
  dumpFile,
  dumpTar,
  dumpZip,
  findNode,
  findSnapshot,
  findSubtree,
  loadSnapshots,
} from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { type CommandContext, defineCommand } from '../command-line/command.ts'
import { choice, text } from '../command-line/flag.ts'
import { pathArgument } from '../command-line/path-argument.ts'
import { Printer } from '../output/printer.ts'
import { withRepository } from '../session/open-session.ts'
import { latestFilter, SNAPSHOT_FLAGS } from '../session/snapshot-flags.ts'

export const dumpCommand = defineCommand({
  usage: 'snapshotID FILE',
  description: `
    Writes a file of a snapshot to standard output. A folder is written as an archive of what it holds; / stands for the
    whole snapshot. \`latest\` stands for the newest snapshot, \`snapshotID:folder\` for a folder of one.
  `,
  flags: {
    ...SNAPSHOT_FLAGS,
    archive: choice('-a, --archive <format>', 'how a folder is written: tar (default) or zip', ['tar', 'zip'] as const),
    target: text('-t, --target <file>', 'write to a file instead', 'file'),
  },
  examples: [
    { line: 'dump latest /home/ann/notes.txt', does: 'Print a file' },
    { line: 'dump latest shop.sql | psql shop', does: 'Restore a database dump' },
    { line: 'dump --archive zip --target etc.zip latest /etc', does: 'Take a folder out as a zip archive' },
  ],
  async run(context, { flags, args }) {
    const [name, file] = args
    if (name === undefined || file === undefined || args.length !== 2)
      throw new CommandFailure('usage', 'no file and no snapshot ID specified')
    const printer = new Printer(context)
    await withRepository(context, { printer, lock: context.globals.noLock ? 'none' : 'shared' }, async ({ repository, signal }) => {
      const snapshots = await loadSnapshots(repository, { signal })
      const { snapshot, subfolder } = findSnapshot(snapshots, name, latestFilter(flags, context.environment))
      const indexed = await repository.loadIndex({ signal })
      const tree = await findSubtree(indexed, snapshot.tree, { subfolder, signal })
      const path = pathArgument(file)
      const node = await findNode(indexed, tree, { path, signal })
      if (node?.type === 'file') return write(dumpFile(indexed, node.content ?? [], { signal }), context, flags.target)
      if (node !== undefined && node.subtree === undefined)
        throw new CommandFailure('failed', `cannot dump file: ${displayText(path)} is neither a file nor a folder but a ${node.type}`)
      if (flags.target === undefined && context.terminal.outputIsTerminal) {
        throw new CommandFailure('usage', 'cannot dump file: stdout is the terminal, please redirect output')
      }
      const options = { rootPath: `/${path.replace(/^\/+/, '')}` as ByteString, signal }
      const dump = flags.archive === 'zip' ? dumpZip : dumpTar
      await write(dump(indexed, node?.subtree ?? tree, options), context, flags.target)
    })
  },
})

async function write(content: AsyncIterable<Uint8Array>, { terminal, signal }: CommandContext, target: string | undefined): Promise<void> {
  if (target === undefined) {
    for await (const piece of content) {
      signal.throwIfAborted()
      await terminal.writeBytes(piece)
    }
    return
  }
  await using file = await open(target, 'w')
  for await (const piece of content) await file.writeFile(piece)
}
