import { defineCommand } from '../command-line/command.ts'
import { EXTENDED_OPTIONS } from '../session/extended-options.ts'

export const optionsCommand = defineCommand({
  usage: '',
  description: 'Prints the extended options, which are set with -o key=value.',
  flags: {},
  examples: [
    { line: 'options', does: 'Which options are there?' },
    { line: '-o s3.storage-class=STANDARD_IA backup ~', does: 'Use one' },
  ],
  async run({ terminal }) {
    const width = Math.max(...Object.keys(EXTENDED_OPTIONS).map((name) => name.length))
    terminal.print('All Extended Options:')
    for (const [name, help] of Object.entries(EXTENDED_OPTIONS)) terminal.print(`  ${name.padEnd(width)}  ${help}`)
  },
})
