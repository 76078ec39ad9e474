import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { jsonText } from '../output/json.ts'
import { Printer } from '../output/printer.ts'
import { AGENT_FLAGS, agentSettings } from '../session/agent-session.ts'

export const agentStatusCommand = defineCommand({
  usage: '',
  description: `
    Says whether an agent works on this machine, at which server, and how its last run ended. Fails when the machine is not in at any
    server, when no agent works, or when the agent has a problem, so that a script can tell.
  `,
  flags: AGENT_FLAGS,
  examples: [{ line: 'agent status', does: 'How the agent of this machine is' }],
  async run(context, { flags }) {
    const { isLocked, readEnrolment, readStatus, StateFolder } = await import('@holdfast/agent')
    const folder = await StateFolder.open(agentSettings(context, flags).stateFolder)
    const enrolment = await readEnrolment(folder)
    if (enrolment === undefined) throw new CommandFailure('failed', 'this machine is not in at any server')
    const isRunning = isLocked(folder)
    const { heardAt, problem, currentRun, lastRun } = await readStatus(folder)
    const { serverUrl, clientName } = enrolment
    const printer = new Printer(context)
    if (context.globals.json)
      printer.result(jsonText({ server: serverUrl, client: clientName, running: isRunning, heardAt, problem, currentRun, lastRun }))
    else {
      printer.result(`${clientName} at ${serverUrl}: ${isRunning ? 'the agent works' : 'no agent works'}`)
      if (currentRun !== null && isRunning) printer.result(`now: ${currentRun.name}, since ${currentRun.startedAt}`)
      if (lastRun !== null)
        printer.result(`last run: ${lastRun.name}, ${lastRun.outcome.error?.message ?? lastRun.outcome.state}, ${lastRun.finishedAt}`)
    }
    if (!isRunning) throw new CommandFailure('failed', 'no agent works on this machine; `holdfast agent` starts it')
    if (problem !== null) throw new CommandFailure('failed', problem)
  },
})
