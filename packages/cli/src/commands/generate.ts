import { writeFile } from 'node:fs/promises'
import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { completionScript, type Shell } from '../command-line/completion.ts'
import { text } from '../command-line/flag.ts'

export const generateCommand = defineCommand({
  usage: '',
  description: `
    Writes files with which shells complete commands and flags of holdfast. A dash as file stands for standard output.
  `,
  flags: {
    bashCompletion: text('--bash-completion <file>', 'write completion for bash', 'file'),
    fishCompletion: text('--fish-completion <file>', 'write completion for fish', 'file'),
    zshCompletion: text('--zsh-completion <file>', 'write completion for zsh', 'file'),
  },
  examples: [{ line: 'generate --bash-completion /etc/bash_completion.d/holdfast', does: 'Install completion for bash for everybody' }],
  async run({ terminal, commands }, { flags, args }) {
    if (args.length > 0) throw new CommandFailure('usage', 'the generate command expects no arguments, only options')
    const wanted: readonly (readonly [Shell, string | undefined])[] = [
      ['bash', flags.bashCompletion],
      ['fish', flags.fishCompletion],
      ['zsh', flags.zshCompletion],
    ]
    const files = wanted.filter((one): one is readonly [Shell, string] => one[1] !== undefined)
    if (files.length === 0) throw new CommandFailure('usage', 'nothing to do, please specify at least one output file/dir')
    if (files.filter(([, file]) => file === '-').length > 1) {
      throw new CommandFailure('usage', 'the generate command can generate shell completions to stdout for single shell only')
    }
    for (const [shell, file] of files) {
      const script = await completionScript(shell, commands)
      if (file === '-') await terminal.writeBytes(Buffer.from(script))
      else await writeFile(file, script)
    }
  },
})
