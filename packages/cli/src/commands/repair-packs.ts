import { open } from 'node:fs/promises'
import { executePackRepair, type PackId, planPackRepair, resolveFileId } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { Printer } from '../output/printer.ts'
import { StepCounters } from '../output/step-counters.ts'
import { withRepository } from '../session/open-session.ts'
import { writeOptions } from '../session/write-options.ts'

export const repairPacksCommand = defineCommand({
  usage: 'packID...',
  description: `
    Stores what is still good in damaged packs anew, then removes them. A copy of each is kept in the working folder as
    pack-<id>. \`repair snapshots\` comes after it.
  `,
  flags: {},
  examples: [
    {
      line: 'repair packs ea0e9ed68d2d4b3c12b0c2d0b4b8d6fa6c8f6c3c7ae3eb3d5bf2f2bb3e6f3a43',
      does: 'Rescue what is good in a pack that `check` named',
    },
  ],
  async run(context, { args }) {
    if (args.length === 0) throw new CommandFailure('usage', 'no ids specified')
    const printer = new Printer(context, { isJson: false })
    await withRepository(context, { printer, lock: 'exclusive' }, async ({ repository, signal }) => {
      const packs: PackId[] = []
      for (const start of args) packs.push((await resolveFileId(repository, { kind: 'data', start }, { signal })) as string as PackId)
      const indexed = await repository.loadIndex({ signal })
      const plan = await planPackRepair(indexed, packs, { signal })
      for (const { id, exists, soundBlobs, lost } of plan.packs) {
        printer.info(`pack ${id}: ${exists ? `${soundBlobs} blobs are good` : 'does not exist'}, ${lost.length} are lost`)
      }
      printer.info('saving backup copies of pack files to current folder')
      const steps = new StepCounters(printer, context.environment)
      await executePackRepair(plan, { ...writeOptions(context), signal, keepCopy, onProgress: (progress) => steps.show(progress) }).finally(
        () => steps.done(),
      )
      printer.warn('')
      printer.warn('Use `holdfast repair snapshots --forget` to remove the corrupted data blobs from all snapshots')
    })
  },
})

async function keepCopy(id: PackId, content: Uint8Array): Promise<void> {
  await using file = await open(`pack-${id}`, 'wx', 0o600)
  await file.writeFile(content)
  await file.sync()
}
