import { type DiffStatistics, diffTrees, displayText, findSnapshot, findSubtree, loadSnapshots, shortId } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { toggle } from '../command-line/flag.ts'
import { formatBytes, padNumber } from '../output/format.ts'
import { Printer } from '../output/printer.ts'
import { withRepository } from '../session/open-session.ts'

export const diffCommand = defineCommand({
  usage: 'snapshotID snapshotID',
  description: `
    Shows what changed from the first snapshot to the second: + added, - removed, M content modified, U metadata updated, T
    type changed, ? content modified while all metadata is the same, which hints at a failing disk. \`snapshotID:folder\`
    compares folders.
  `,
  flags: { metadata: toggle('--metadata', 'show also what differs in metadata alone') },
  examples: [
    { line: 'diff 5845b002 2ab627a6', does: 'What changed between two snapshots?' },
    { line: 'diff latest~1:/etc latest:/etc', does: 'What changed in a folder since the snapshot before the newest?' },
  ],
  async run(context, { flags, args }) {
    const [from, to] = args
    if (from === undefined || to === undefined || args.length !== 2) throw new CommandFailure('usage', 'specify two snapshot IDs')
    const printer = new Printer(context)
    await withRepository(context, { printer, lock: context.globals.noLock ? 'none' : 'shared' }, async ({ repository, signal }) => {
      const snapshots = await loadSnapshots(repository, { signal })
      const [left, right] = [findSnapshot(snapshots, from), findSnapshot(snapshots, to)]
      printer.info(`comparing snapshot ${shortId(left.snapshot.id)} to ${shortId(right.snapshot.id)}:`)
      printer.info('')
      const indexed = await repository.loadIndex({ signal })
      const statistics = await diffTrees(indexed, {
        from: await findSubtree(indexed, left.snapshot.tree, { subfolder: left.subfolder, signal }),
        to: await findSubtree(indexed, right.snapshot.tree, { subfolder: right.subfolder, signal }),
        metadata: flags.metadata,
        signal,
        onBroken: (error) => printer.warn(`error: ${error.message}`),
        onChange: ({ path, modifier }) => {
          if (context.globals.quiet) return
          if (printer.isJson) printer.message({ message_type: 'change', path: displayText(path), modifier })
          else printer.result(`${modifier.padEnd(5)}${displayText(path)}`)
        },
      })
      if (printer.isJson) printer.message(statisticsMessage(statistics, { from, to }))
      else for (const line of statisticsLines(statistics)) printer.result(line)
    })
  },
})

function statisticsMessage(
  { changedFiles, added, removed }: DiffStatistics,
  names: { readonly from: string; readonly to: string },
): object {
  return {
    message_type: 'statistics',
    source_snapshot: names.from,
    target_snapshot: names.to,
    changed_files: changedFiles,
    added: sideMessage(added),
    removed: sideMessage(removed),
  }
}

function sideMessage({ files, dirs, others, dataBlobs, treeBlobs, bytes }: DiffStatistics['added']): object {
  return { files, dirs, others, data_blobs: dataBlobs, tree_blobs: treeBlobs, bytes }
}

function statisticsLines({ changedFiles, added, removed }: DiffStatistics): string[] {
  const counts = (heading: string, plus: number, minus: number): string =>
    `${heading.padEnd(13)}${padNumber(plus, 5)} new, ${padNumber(minus, 5)} removed`
  return [
    '',
    `${counts('Files:', added.files, removed.files)}, ${padNumber(changedFiles, 5)} changed`,
    counts('Dirs:', added.dirs, removed.dirs),
    counts('Others:', added.others, removed.others),
    counts('Data Blobs:', added.dataBlobs, removed.dataBlobs),
    counts('Tree Blobs:', added.treeBlobs, removed.treeBlobs),
    `  Added:   ${formatBytes(added.bytes)}`,
    `  Removed: ${formatBytes(removed.bytes)}`,
  ]
}
