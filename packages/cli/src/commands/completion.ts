import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { completionScript, SHELLS } from '../command-line/completion.ts'

export const completionCommand = defineCommand({
  usage: '[bash|zsh|fish]',
  description: 'Prints what a shell needs to complete commands and flags of holdfast.',
  flags: {},
  words: SHELLS,
  examples: [
    { line: 'completion bash > ~/.local/share/bash-completion/completions/holdfast', does: 'Install it for bash' },
    { line: 'completion fish > ~/.config/fish/completions/holdfast.fish', does: 'Install it for fish' },
    { line: 'completion zsh > ~/.zfunc/_holdfast', does: 'Install it for zsh, where ~/.zfunc is in $fpath' },
  ],
  async run({ terminal, commands }, { args }) {
    const shell = SHELLS.find((known) => known === args[0])
    if (shell === undefined || args.length !== 1) throw new CommandFailure('usage', `name one shell: ${SHELLS.join(', ')}`)
    await terminal.writeBytes(Buffer.from(await completionScript(shell, commands)))
  },
})
