import {
  type ByteString,
  byteStringOf,
  compareTimestamps,
  displayText,
  findSnapshot,
  findSubtree,
  type ListedNode,
  listSnapshot,
  loadSnapshots,
  type StoredSnapshot,
} from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { choice, toggle } from '../command-line/flag.ts'
import { jsonText } from '../output/json.ts'
import { type NodeLineOptions, ncduEntry, nodeLine, nodeMessage } from '../output/node-output.ts'
import { Printer } from '../output/printer.ts'
import { describeSnapshot, snapshotJson } from '../output/snapshot-output.ts'
import { withRepository } from '../session/open-session.ts'
import { latestFilter, SNAPSHOT_FLAGS } from '../session/snapshot-flags.ts'

const SORT_MODES = ['name', 'size', 'time', 'mtime', 'atime', 'ctime', 'extension'] as const
type SortMode = (typeof SORT_MODES)[number]

export const lsCommand = defineCommand({
  usage: 'snapshotID [dir...]',
  description: `
    Lists what a snapshot holds. \`latest\` stands for the newest snapshot, \`snapshotID:folder\` for a folder of one. Folders
    named behind it, as absolute paths, restrict the listing to what is directly in them; with --recursive also to what is
    below.
  `,
  flags: {
    ...SNAPSHOT_FLAGS,
    long: toggle('-l, --long', 'show mode, owner, size and time'),
    recursive: toggle('--recursive', 'list also what is below the folders that are named'),
    humanReadable: toggle('--human-readable', 'show sizes with units'),
    ncdu: toggle('--ncdu', "write ncdu's export format, for `ncdu -f -`"),
    sort: choice('-s, --sort <mode>', 'sort by name, size, time (which is mtime), atime, ctime or extension', SORT_MODES),
    reverse: toggle('--reverse', 'turn the order round'),
  },
  examples: [
    { line: 'ls latest', does: 'List everything in the newest snapshot' },
    { line: 'ls -l latest /home/ann/photos', does: 'What is in one folder, with details' },
    { line: 'ls latest --ncdu | ncdu -f -', does: 'Look around with ncdu' },
  ],
  async run(context, { flags, args }) {
    const [name, ...folders] = args
    if (name === undefined) throw new CommandFailure('usage', "no snapshot ID specified, specify snapshot ID or use special ID 'latest'")
    checkFlags(flags, { isJson: context.globals.json, folders })
    const printer = new Printer(context)
    await withRepository(context, { printer, lock: context.globals.noLock ? 'none' : 'shared' }, async ({ repository, signal }) => {
      const snapshots = await loadSnapshots(repository, { signal })
      const indexed = await repository.loadIndex({ signal })
      const { snapshot, subfolder } = findSnapshot(snapshots, name, latestFilter(flags, context.environment))
      const tree = await findSubtree(indexed, snapshot.tree, { subfolder, signal })
      const sink = flags.ncdu ? new NcduSink(printer) : new LineSink(printer, { ...flags, isJson: context.globals.json })
      sink.begin({ ...snapshot, tree }, folders)
      const paths = folders.map(byteStringOf)
      const listing = listSnapshot(indexed, tree, {
        paths,
        recursive: flags.recursive,
        withFoldersOnTheWay: flags.ncdu,
        signal,
        onLeave: () => sink.leave(),
      })
      for await (const entry of sorted(listing, flags)) {
        sink.entry(entry)
        await context.terminal.drain()
      }
      sink.end()
    })
  },
})

function checkFlags(
  flags: { readonly ncdu: boolean; readonly sort: SortMode | undefined; readonly reverse: boolean },
  given: { readonly isJson: boolean; readonly folders: readonly string[] },
): void {
  if (flags.ncdu && given.isJson) throw new CommandFailure('usage', "only either '--json' or '--ncdu' can be specified")
  if (flags.ncdu && flags.sort !== undefined && flags.sort !== 'name')
    throw new CommandFailure('usage', '--sort and --ncdu are mutually exclusive')
  if (flags.ncdu && flags.reverse) throw new CommandFailure('usage', '--reverse and --ncdu are mutually exclusive')
  if (given.folders.some((folder) => !folder.startsWith('/'))) {
    throw new CommandFailure('usage', "All path filters must be absolute, starting with a forward slash '/'")
  }
}

/** Takes a listing as it comes. */
interface Sink {
  begin(snapshot: StoredSnapshot, folders: readonly string[]): void
  entry(entry: ListedNode): void
  leave(): void
  end(): void
}

class LineSink implements Sink {
  readonly #printer: Printer
  readonly #options: NodeLineOptions & { readonly isJson: boolean }

  constructor(printer: Printer, options: NodeLineOptions & { readonly isJson: boolean }) {
    this.#printer = printer
    this.#options = options
  }

  begin(snapshot: StoredSnapshot, folders: readonly string[]): void {
    if (this.#options.isJson) this.#printer.message({ ...snapshotJson(snapshot), message_type: 'snapshot', struct_type: 'snapshot' })
    else this.#printer.info(`${describeSnapshot(snapshot)} filtered by [${folders.join(' ')}]:`)
  }

  entry({ path, node }: ListedNode): void {
    if (this.#options.isJson) this.#printer.message(nodeMessage(path, node))
    else this.#printer.result(nodeLine(path, node, this.#options))
  }

  leave(): void {}
  end(): void {}
}

class NcduSink implements Sink {
  readonly #printer: Printer
  #depth = 1
  /** The last line, which a comma ends only when something follows. */
  #pending = ''

  constructor(printer: Printer) {
    this.#printer = printer
  }

  begin(snapshot: StoredSnapshot): void {
    const { id, ...fields } = snapshot
    this.#pending = `[1, 2, ${jsonText(fields)}, [{"name":"/"}`
  }

  entry({ node }: ListedNode): void {
    this.#printer.result(`${this.#pending},`)
    if (node.type === 'dir') {
      this.#printer.result(`${this.#indent()}[`)
      this.#depth++
    }
    this.#pending = this.#indent() + ncduEntry(node)
  }

  leave(): void {
    this.#printer.result(this.#pending)
    this.#depth--
    this.#pending = `${this.#indent()}]`
  }

  end(): void {
    for (const line of [this.#pending, ']', ']']) this.#printer.result(line)
  }

  #indent(): string {
    return '  '.repeat(this.#depth)
  }
}

async function* sorted(
  listing: AsyncIterable<ListedNode>,
  flags: { readonly sort: SortMode | undefined; readonly reverse: boolean },
): AsyncIterable<ListedNode> {
  if ((flags.sort === undefined || flags.sort === 'name') && !flags.reverse) {
    yield* listing
    return
  }
  const entries: ListedNode[] = []
  for await (const entry of listing) entries.push(entry)
  const compare = comparatorOf(flags.sort ?? 'name')
  if (compare !== undefined) entries.sort((a, b) => compare(a, b) || (a.path < b.path ? -1 : 1))
  yield* flags.reverse ? entries.reverse() : entries
}

function comparatorOf(mode: SortMode): ((a: ListedNode, b: ListedNode) => number) | undefined {
  switch (mode) {
    case 'name':
      return undefined
    case 'size':
      return (a, b) => sizeOf(a) - sizeOf(b)
    case 'time':
    case 'mtime':
      return (a, b) => compareTimestamps(a.node.mtime, b.node.mtime)
    case 'atime':
      return (a, b) => compareTimestamps(a.node.atime, b.node.atime)
    case 'ctime':
      return (a, b) => compareTimestamps(a.node.ctime, b.node.ctime)
    case 'extension':
      return (a, b) => (extensionOf(a.path) < extensionOf(b.path) ? -1 : Number(extensionOf(a.path) !== extensionOf(b.path)))
  }
}

function sizeOf({ node }: ListedNode): number {
  return node.type === 'file' ? (node.size ?? 0) : 0
}

/** From the last dot of the last component, as Go's `filepath.Ext`. */
function extensionOf(path: ByteString): string {
  return /\.[^./]*$/.exec(displayText(path))?.[0] ?? ''
}
