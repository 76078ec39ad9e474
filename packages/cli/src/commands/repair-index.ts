import { executeIndexRepair, planIndexRepair } from '@holdfast/engine'
import { defineCommand } from '../command-line/command.ts'
import { toggle } from '../command-line/flag.ts'
import { Printer } from '../output/printer.ts'
import { StepCounters } from '../output/step-counters.ts'
import { withRepository } from '../session/open-session.ts'

export const repairIndexCommand = defineCommand({
  usage: '',
  description: `
    Makes the index right again from what the packs say of themselves: packs that it does not name, or names wrongly, are
    read; packs that do not exist are forgotten.
  `,
  flags: { readAllPacks: toggle('--read-all-packs', 'believe no index file, read all packs') },
  examples: [
    { line: 'repair index', does: 'Repair the index after `check` said so' },
    { line: 'repair index --read-all-packs', does: 'Make a new one from all packs' },
  ],
  async run(context, { flags }) {
    const printer = new Printer(context, { isJson: false })
    await withRepository(context, { printer, lock: 'exclusive' }, async ({ repository, signal }) => {
      printer.info('loading indexes...')
      const plan = await planIndexRepair(repository, { readAllPacks: flags.readAllPacks, signal })
      for (const id of plan.damagedFiles) printer.warn(`removing invalid index ${id}`)
      for (const id of plan.missingPacks) printer.warn(`removing not found pack file ${id}`)
      for (const id of [...plan.unindexedPacks, ...plan.doubtfulPacks]) printer.info(`adding pack file to index ${id}`)
      const steps = new StepCounters(printer, context.environment)
      const onUnreadable = (id: string, error: Error): void => printer.warn(`unable to read pack ${id}: ${error.message}`)
      await executeIndexRepair(plan, { signal, onProgress: (progress) => steps.show(progress), onUnreadable }).finally(() => steps.done())
      printer.info('done')
    })
  },
})
