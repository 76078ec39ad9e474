import { executeIndexRepair, executeRecover, planIndexRepair, planRecover, shortId } from '@holdfast/engine'
import { defineCommand } from '../command-line/command.ts'
import { Printer } from '../output/printer.ts'
import { StepCounters } from '../output/step-counters.ts'
import { withRepository } from '../session/open-session.ts'
import { writeOptions } from '../session/write-options.ts'

export const recoverCommand = defineCommand({
  usage: '',
  description: `
    Makes a snapshot of all folders in the repository that no snapshot refers to, such as those of a snapshot that was
    forgotten by mistake. It works as long as no \`prune\` came in between.
  `,
  flags: {},
  examples: [{ line: 'recover', does: 'Find what was forgotten by mistake' }],
  async run(context) {
    const printer = new Printer(context, { isJson: false })
    await withRepository(context, { printer, lock: 'exclusive' }, async ({ repository, signal }) => {
      printer.info('ensuring index is complete')
      await executeIndexRepair(await planIndexRepair(repository, { signal }), { signal })
      printer.info('load index files')
      const indexed = await repository.loadIndex({ signal })
      const steps = new StepCounters(printer, context.environment)
      const plan = await planRecover(indexed, { signal, onProgress: (progress) => steps.show(progress) }).finally(() => steps.done())
      if (plan.unreadableTrees > 0) printer.warn(`unable to load ${plan.unreadableTrees} trees`)
      printer.result('')
      printer.result(`found ${plan.roots.length} unreferenced roots`)
      const id = await executeRecover(plan, { ...writeOptions(context), signal })
      if (id === undefined) printer.info('no snapshot to write.')
      else printer.result(`saved new snapshot ${shortId(id)}`)
    })
  },
})
