import { systemClock } from '@holdfast/engine'
import { defineCommand } from '../command-line/command.ts'
import { text } from '../command-line/flag.ts'
import { Printer } from '../output/printer.ts'
import { programVersion } from '../program-version.ts'
import { AGENT_FLAGS, agentSettings, trustedCertificates } from '../session/agent-session.ts'

export const agentCommand = defineCommand({
  usage: '',
  description: `
    Lets a server back this machine up, until it is interrupted: says that the machine is there, takes the runs that the server has for it,
    and sends their data. The server's repository key never comes here. A server that is away is waited for.

    A machine comes in by a one-time code (holdfast agent enrol URL CODE), by SERVER_URL, USERNAME, PASSWORD and MONITORED_PATHS in the
    environment, or by the page that the agent shows at http://127.0.0.1:8080/ (CLIENT_UI_ENABLED=false does without). From then on the
    agent keeps a token and nothing else.

    What a server may do here is the machine's to say: commands that it sends are not carried out, and nothing is restored from there,
    unless a policy (/etc/holdfast/agent.yaml) or the environment allows it.
  `,
  flags: { ...AGENT_FLAGS, policy: text('--policy <file>', 'what the server may do here (default: /etc/holdfast/agent.yaml)', 'file') },
  examples: [
    { line: 'agent', does: 'Protect this machine; come in by the page when it is not in yet' },
    { line: 'agent --policy ./agent.yaml', does: 'With a policy of its own' },
  ],
  async run(context, { flags }) {
    const printer = new Printer(context)
    const { runAgent } = await import('@holdfast/agent')
    await runAgent({
      settings: agentSettings(context, flags),
      version: programVersion(),
      clock: systemClock,
      signal: context.signal,
      environment: context.environment.all(),
      certificateAuthority: trustedCertificates(context),
      print: (level, message) => (level === 'warning' || level === 'error' ? printer.warn(message) : printer.result(message)),
    })
  },
})
