import { copySnapshots, loadSnapshots, selectSnapshots, shortId } from '@holdfast/engine'
import { defineCommand } from '../command-line/command.ts'
import { formatBytes } from '../output/format.ts'
import { Printer } from '../output/printer.ts'
import { describeSnapshot } from '../output/snapshot-output.ts'
import { withRepository } from '../session/open-session.ts'
import { FROM_FLAGS, fromSource } from '../session/repository-source.ts'
import { SNAPSHOT_FLAGS, snapshotFilter } from '../session/snapshot-flags.ts'
import { writeOptions } from '../session/write-options.ts'

export const copyCommand = defineCommand({
  usage: '[snapshotID ...]',
  description: `
    Copies snapshots from the source repository (--from-repo) into the repository (--repo), all unless some are named or
    filtered. What the target has already is not copied again.

    Files are not cut anew: only a target that was made with \`init --copy-chunker-params\` deduplicates copies with backups
    of its own.
  `,
  flags: { ...FROM_FLAGS, ...SNAPSHOT_FLAGS },
  examples: [
    { line: '-r /mnt/usb/backups copy --from-repo /srv/backups', does: 'Copy everything to a disk' },
    { line: 'copy --from-repo /srv/backups --from-password-file ~/.backup-password latest', does: 'Copy the newest snapshot' },
  ],
  async run(context, { flags, args }) {
    const printer = new Printer(context, { isJson: false })
    const source = fromSource(flags, context.environment)
    await withRepository(context, { printer, lock: context.globals.noLock ? 'none' : 'shared', source }, async (from) => {
      await withRepository(context, { printer, lock: 'shared' }, async (to) => {
        const signal = AbortSignal.any([from.signal, to.signal])
        const [all, targetSnapshots] = [await loadSnapshots(from.repository, { signal }), await loadSnapshots(to.repository, { signal })]
        const { snapshots } = selectSnapshots(all, args, snapshotFilter(flags, context.environment))
        const [sourceIndex, targetIndex] = [await from.repository.loadIndex({ signal }), await to.repository.loadIndex({ signal })]
        await copySnapshots(sourceIndex, targetIndex, {
          ...writeOptions(context),
          snapshots,
          targetSnapshots,
          signal,
          observer: {
            snapshotSkipped: (snapshot, existing) => {
              printer.detail('')
              printer.detail(describeSnapshot(snapshot))
              printer.detail(`skipping source snapshot ${shortId(snapshot.id)}, was already copied to snapshot ${shortId(existing.id)}`)
            },
            snapshotStarted: (snapshot, demand) => {
              printer.info('')
              printer.info(describeSnapshot(snapshot))
              printer.info('  copy started, this may take a while...')
              printer.detail(`  copy ${demand.blobs} blobs with disk size ${formatBytes(demand.storedBytes)}`)
            },
            snapshotSaved: (snapshot, id) =>
              printer.info(`snapshot ${shortId(id)} saved, copied from source snapshot ${shortId(snapshot.id)}`),
          },
        })
      })
    })
  },
})
