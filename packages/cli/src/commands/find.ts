import {
  type BlobId,
  byteStringOf,
  compareTimestamps,
  displayText,
  type FoundNode,
  findFiles,
  findObjects,
  type IndexedRepository,
  loadSnapshots,
  locateObject,
  objectsOfPacks,
  parseId,
  type StoredSnapshot,
  selectSnapshots,
  shortId,
} from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { type CommandContext, defineCommand } from '../command-line/command.ts'
import { type FlagValues, parsed, texts, toggle } from '../command-line/flag.ts'
import { jsonText } from '../output/json.ts'
import { matchMessage, nodeLine } from '../output/node-output.ts'
import { Printer } from '../output/printer.ts'
import { localTime, parseLooseTime } from '../output/times.ts'
import { withRepository } from '../session/open-session.ts'
import { SNAPSHOT_FLAGS, snapshotFilter } from '../session/snapshot-flags.ts'

const FLAGS = {
  ...SNAPSHOT_FLAGS,
  oldest: parsed('-O, --oldest <time>', 'only what was modified then or later', parseLooseTime),
  newest: parsed('-N, --newest <time>', 'only what was modified then or earlier', parseLooseTime),
  snapshot: texts('-s, --snapshot <id>', 'search in this snapshot only (repeatable)'),
  blob: toggle('--blob', 'the patterns are IDs of blobs'),
  tree: toggle('--tree', 'the patterns are IDs of trees'),
  pack: toggle('--pack', 'the patterns are IDs of packs'),
  showPackId: toggle('--show-pack-id', 'with --blob, --tree or --pack: say in which pack each object is'),
  ignoreCase: toggle('-i, --ignore-case', 'upper and lower case are one'),
  reverse: toggle('-R, --reverse', 'begin with the oldest snapshot'),
  long: toggle('-l, --long', 'show mode, owner, size and time'),
  humanReadable: toggle('--human-readable', 'show sizes with units'),
} as const

export const findCommand = defineCommand({
  usage: 'PATTERN...',
  description: `
    Searches the snapshots for files and folders whose paths fit a pattern, or for the files that use a blob, a tree or a
    pack.
  `,
  flags: FLAGS,
  examples: [
    { line: "find '*.docx'", does: 'Find all documents in all snapshots' },
    { line: "find -l --newest 2024-12-31 --snapshot latest '/home/ann/**/*.jpg'", does: 'Old photos in the newest snapshot, with details' },
    { line: 'find --pack 025c1d06', does: 'Which files are in a pack?' },
  ],
  async run(context, { flags, args }) {
    if (args.length === 0) throw new CommandFailure('usage', 'wrong number of arguments')
    if ([flags.blob, flags.tree, flags.pack].filter(Boolean).length > 1) throw new CommandFailure('usage', 'cannot have several ID types')
    if (flags.oldest !== undefined && flags.newest !== undefined && compareTimestamps(flags.oldest, flags.newest) > 0) {
      throw new CommandFailure('usage', '--oldest must specify a time before --newest')
    }
    const printer = new Printer(context)
    await withRepository(context, { printer, lock: context.globals.noLock ? 'none' : 'shared' }, async ({ repository, signal }) => {
      const all = await loadSnapshots(repository, { signal })
      const indexed = await repository.loadIndex({ signal })
      const { snapshots } = selectSnapshots(all, flags.snapshot, snapshotFilter(flags, context.environment))
      const ordered = snapshots.toSorted((a, b) => compareTimestamps(a.time, b.time) * (flags.reverse ? 1 : -1))
      const search: Search = { context, printer, indexed, snapshots: ordered, flags, args, signal }
      if (flags.blob || flags.tree || flags.pack) await searchObjects(search)
      else await searchFiles(search)
    })
  },
})

interface Search {
  readonly context: CommandContext
  readonly printer: Printer
  readonly indexed: IndexedRepository
  readonly snapshots: readonly StoredSnapshot[]
  readonly flags: FlagValues<typeof FLAGS>
  readonly args: readonly string[]
  readonly signal: AbortSignal
}

async function searchFiles({ context, printer, indexed, snapshots, flags, args, signal }: Search): Promise<void> {
  const sink = printer.isJson ? new MatchDocument(printer) : new MatchLines(printer, flags)
  const found = findFiles(indexed, snapshots, {
    patterns: args.map(byteStringOf),
    ignoreCase: flags.ignoreCase,
    signal,
    ...(flags.oldest === undefined ? {} : { oldest: flags.oldest }),
    ...(flags.newest === undefined ? {} : { newest: flags.newest }),
    onBroken: (snapshot, { id }) => {
      printer.warn(`Unable to load tree ${id ?? ''}`)
      printer.warn(` ... which belongs to snapshot ${snapshot.id}`)
    },
  })
  for await (const match of found) {
    sink.add(match)
    await context.terminal.drain()
  }
  sink.end()
}

class MatchLines {
  readonly #printer: Printer
  readonly #options: Pick<FlagValues<typeof FLAGS>, 'long' | 'humanReadable'>
  #snapshot: StoredSnapshot | undefined

  constructor(printer: Printer, options: Pick<FlagValues<typeof FLAGS>, 'long' | 'humanReadable'>) {
    this.#printer = printer
    this.#options = options
  }

  add({ snapshot, path, node }: FoundNode): void {
    if (snapshot !== this.#snapshot) {
      if (this.#snapshot !== undefined) this.#printer.info('')
      this.#snapshot = snapshot
      this.#printer.info(`Found matching entries in snapshot ${shortId(snapshot.id)} from ${localTime(snapshot.time)}`)
    }
    this.#printer.result(nodeLine(path, node, this.#options))
  }

  end(): void {}
}

/** One JSON array of the snapshots that have matches, written match by match. */
class MatchDocument {
  readonly #printer: Printer
  #snapshot: StoredSnapshot | undefined
  #hits = 0
  /** The last line, which is ended when it is known what follows. */
  #pending = '['

  constructor(printer: Printer) {
    this.#printer = printer
  }

  add({ snapshot, path, node }: FoundNode): void {
    const isFirst = snapshot !== this.#snapshot
    const opening = isFirst ? `${this.#closing(',')}{"matches":[` : `${this.#pending},`
    this.#printer.result(opening)
    this.#pending = jsonText(matchMessage(path, node))
    this.#hits = isFirst ? 1 : this.#hits + 1
    this.#snapshot = snapshot
  }

  end(): void {
    this.#printer.result(`${this.#closing('')}]`)
  }

  #closing(separator: string): string {
    if (this.#snapshot === undefined) return this.#pending
    return `${this.#pending}],"hits":${this.#hits},"snapshot":"${this.#snapshot.id}"}${separator}`
  }
}

async function searchObjects({ printer, indexed, snapshots, flags, args, signal }: Search): Promise<void> {
  const named = new Set(args)
  const wanted = flags.pack
    ? await objectsOfPacks(indexed, args, { signal })
    : { blobs: flags.blob ? named : new Set<string>(), trees: flags.tree ? named : new Set<string>() }
  const messages: object[] = []
  const found = new Map<BlobId, 'data' | 'tree'>()
  for await (const { kind, id, path, parentTree, snapshot } of findObjects(indexed, snapshots, { ...wanted, signal })) {
    found.set(id, kind === 'blob' ? 'data' : 'tree')
    const shownPath = displayText(path)
    if (printer.isJson) {
      messages.push({
        object_type: kind,
        id,
        path: shownPath,
        ...(parentTree === undefined ? {} : { parent_tree: parentTree }),
        snapshot: snapshot.id,
        time: snapshot.time,
      })
      continue
    }
    printer.result(`Found ${kind} ${id}`)
    printer.result(kind === 'blob' ? ` ... in file ${shownPath}` : ` ... path ${shownPath}`)
    if (parentTree !== undefined) printer.result(`     (tree ${parentTree})`)
    printer.result(` ... in snapshot ${shortId(snapshot.id)} (${localTime(snapshot.time)})`)
  }
  if (printer.isJson) printer.message(messages)
  if (flags.showPackId) for (const [id, type] of found) printLocation(printer, indexed, { id, type })
}

function printLocation(
  printer: Printer,
  indexed: IndexedRepository,
  object: { readonly id: BlobId; readonly type: 'data' | 'tree' },
): void {
  const id = parseId<BlobId>(object.id)
  const [place] = id === undefined ? [] : locateObject(indexed, object.type, id)
  if (place === undefined) {
    printer.result(`Object ${object.id} with type ${object.type} not found in the index`)
    return
  }
  printer.result(`Object belongs to pack ${place.packId}`)
  printer.result(` ... Pack ${place.packId}: <${object.type}/${shortId(object.id)}>`)
}
