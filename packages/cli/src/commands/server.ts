import { defineCommand } from '../command-line/command.ts'
import { text } from '../command-line/flag.ts'
import { Printer } from '../output/printer.ts'
import { announceServer, untilInterrupted } from '../session/running-server.ts'

export const serverCommand = defineCommand({
  usage: '',
  description: `
    Runs the server until it is interrupted: users, clients, plans and repositories, with its web pages and its API on one port. Its data
    goes to a folder, data/ here unless HOLDFAST_DATA says otherwise, with an embedded database unless DATABASE_URL names a PostgreSQL.

    All settings come from the environment, from .env and from holdfast.yaml; docs/reference/settings.md lists them. The first start makes
    an administrator and prints the password, once, unless HOLDFAST_ADMIN_PASSWORD is set.
  `,
  flags: { config: text('--config <file>', 'read settings from this YAML file instead of holdfast.yaml', 'file') },
  examples: [
    { line: 'server', does: 'Serve on this machine only, at http://127.0.0.1:8000' },
    { line: 'server --config /etc/holdfast/server.yaml', does: 'Serve with the settings of a file' },
  ],
  async run(context, { flags }) {
    const printer = new Printer(context)
    const [{ loadSettings, startServer }, { localAgentOf }] = await Promise.all([
      import('@holdfast/server'),
      import('../session/local-agent.ts'),
    ])
    const settings = loadSettings({ environment: context.environment.all(), folder: process.cwd(), file: flags.config })
    const server = await startServer({ settings, localAgent: localAgentOf(context, { printer, dataFolder: settings.data }) })
    try {
      announceServer(server, printer)
      // The machine itself is protected once it is a client; servers that share a database are on several machines.
      if (settings.databaseUrl === '' && (await server.localMachine.isClient())) await server.startLocalAgent()
      await untilInterrupted(context)
    } finally {
      await server.stop()
    }
  },
})
