import { systemClock } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { Printer } from '../output/printer.ts'
import { programVersion } from '../program-version.ts'
import { AGENT_FLAGS, agentSettings, trustedCertificates } from '../session/agent-session.ts'

export const agentEnrolCommand = defineCommand({
  usage: 'URL CODE',
  description: `
    Brings this machine in at a server by a code, which the server makes for one of its clients and which counts once. The agent keeps the
    token that it gets; a token that another machine had for the same client ends.
  `,
  flags: AGENT_FLAGS,
  examples: [{ line: 'agent enrol https://backup.example.org ABCD-EFGH-JKMN-PQRS', does: 'Come in; `holdfast agent` does the rest' }],
  async run(context, { flags, args }) {
    const [url, code] = args
    if (url === undefined || code === undefined || args.length > 2) throw new CommandFailure('usage', 'name the server and the code')
    const { enrol, serverUrlOf, StateFolder } = await import('@holdfast/agent')
    const { stateFolder } = agentSettings(context, flags)
    const folder = await StateFolder.open(stateFolder)
    const entrance = { folder, clock: systemClock, version: programVersion(), certificateAuthority: trustedCertificates(context) }
    const { clientName, serverUrl } = await enrol({ serverUrl: serverUrlOf(url), code }, entrance)
    new Printer(context).result(`This machine is ${clientName} at ${serverUrl} now; \`holdfast agent\` protects it`)
  },
})
