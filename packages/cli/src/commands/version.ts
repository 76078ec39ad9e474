import { arch, platform } from 'node:os'
import { defineCommand } from '../command-line/command.ts'
import { jsonText } from '../output/json.ts'
import { programVersion } from '../program-version.ts'

export const versionCommand = defineCommand({
  usage: '',
  description: 'Prints the version of the program and of what it runs on.',
  flags: {},
  examples: [
    { line: 'version', does: 'Which version is this?' },
    { line: 'version --json', does: 'The same for programs' },
  ],
  async run({ terminal, globals }) {
    const version = programVersion()
    const names = {
      message_type: 'version',
      version,
      node_version: process.version,
      go_version: `node ${process.version}`,
      go_os: platform(),
      go_arch: arch(),
    }
    terminal.print(globals.json ? jsonText(names) : `holdfast ${version} on Node.js ${process.version} on ${platform()}/${arch()}`)
  },
})
