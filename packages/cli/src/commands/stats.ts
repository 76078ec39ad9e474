import { computeStatistics, loadSnapshots, type RepositoryStatistics, STATISTICS_MODES, selectSnapshots } from '@holdfast/engine'
import { defineCommand } from '../command-line/command.ts'
import { choice } from '../command-line/flag.ts'
import { formatBytes } from '../output/format.ts'
import { omitEmpty } from '../output/json.ts'
import { Printer } from '../output/printer.ts'
import { withRepository } from '../session/open-session.ts'
import { SNAPSHOT_FLAGS, snapshotFilter } from '../session/snapshot-flags.ts'

export const statsCommand = defineCommand({
  usage: '[snapshotID ...]',
  description: `
    Counts files and bytes of snapshots, of all unless some are named. Modes: restore-size is what restoring takes (the
    default), files-by-contents counts files of the same content once, raw-data what is stored in the repository,
    blobs-per-file the blobs of files.
  `,
  flags: {
    mode: choice('--mode <mode>', 'restore-size (default), files-by-contents, blobs-per-file or raw-data', STATISTICS_MODES),
    ...SNAPSHOT_FLAGS,
  },
  examples: [
    { line: 'stats latest', does: 'How much would restoring the newest snapshot take?' },
    { line: 'stats --mode raw-data', does: 'How much is stored for all snapshots, and what does compression save?' },
  ],
  async run(context, { flags, args }) {
    const printer = new Printer(context)
    const mode = flags.mode ?? 'restore-size'
    await withRepository(context, { printer, lock: context.globals.noLock ? 'none' : 'shared' }, async ({ repository, signal }) => {
      const all = await loadSnapshots(repository, { signal })
      const indexed = await repository.loadIndex({ signal })
      if (!printer.isJson) printer.result('scanning...')
      const { snapshots } = selectSnapshots(all, args, snapshotFilter(flags, context.environment))
      const statistics = await computeStatistics(indexed, snapshots, { mode, signal })
      if (printer.isJson) printer.message(statisticsMessage(statistics))
      else for (const line of statisticsLines(statistics, mode)) printer.result(line)
    })
  },
})

function statisticsMessage(statistics: RepositoryStatistics): object {
  const {
    totalSize,
    totalUncompressedSize,
    compressionRatio,
    compressionProgress,
    compressionSpaceSaving,
    totalFileCount,
    totalBlobCount,
  } = statistics
  return {
    total_size: totalSize,
    ...omitEmpty({
      total_uncompressed_size: totalUncompressedSize,
      compression_ratio: compressionRatio,
      compression_progress: compressionProgress,
      compression_space_saving: compressionSpaceSaving,
      total_file_count: totalFileCount,
      total_blob_count: totalBlobCount,
    }),
    snapshots_count: statistics.snapshots,
  }
}

function statisticsLines(statistics: RepositoryStatistics, mode: string): string[] {
  const {
    totalSize,
    totalUncompressedSize,
    compressionRatio,
    compressionProgress,
    compressionSpaceSaving,
    totalFileCount,
    totalBlobCount,
  } = statistics
  return [
    `Stats in ${mode} mode:`,
    `     Snapshots processed:  ${statistics.snapshots}`,
    ...(totalBlobCount > 0 ? [`        Total Blob Count:  ${totalBlobCount}`] : []),
    ...(totalFileCount > 0 ? [`        Total File Count:  ${totalFileCount}`] : []),
    ...(totalUncompressedSize > 0 ? [` Total Uncompressed Size:  ${formatBytes(totalUncompressedSize)}`] : []),
    `              Total Size:  ${formatBytes(totalSize)}`,
    ...(compressionProgress > 0 ? [`    Compression Progress:  ${compressionProgress.toFixed(2)}%`] : []),
    ...(compressionRatio > 0 ? [`       Compression Ratio:  ${compressionRatio.toFixed(2)}x`] : []),
    ...(compressionSpaceSaving > 0 ? [`Compression Space Saving:  ${compressionSpaceSaving.toFixed(2)}%`] : []),
  ]
}
