import { type Account, accountOf, type Clock, type CommandEnd, runCommand } from '@holdfast/engine'
import type { Command, LogLevel } from '@holdfast/protocol'
import { AgentError } from '../errors.ts'
import { CommandOutput } from './command-output.ts'
import { allowsCommand, type CommandPolicy } from './machine-policy.ts'

/** When a command runs; its name in the log and in the command's environment. */
export type HookPhase = 'pre' | 'post' | 'on-failure'

/** A command, and who wants it to be carried out. */
export interface Hook extends Command {
  readonly origin: 'machine' | 'server'
}

export interface HookContext {
  readonly phase: HookPhase
  readonly policy: CommandPolicy
  /** What commands find in their environment. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly signal: AbortSignal
  log(level: LogLevel, message: string): void
}

const SHELL = '/bin/sh'
/** All that a command of another user gets of the agent's environment. */
const HARMLESS = ['PATH', 'LANG', 'LANGUAGE', 'LC_ALL', 'TZ']

/**
 * Carries out commands one after another, by the shell, with what they say in the log.
 * @throws {AgentError} `policy.forbidden` before the first one, when a single one is not allowed; `run.command` when one fails or takes too
 *   long: those after it are not carried out. The signal's reason when aborted; what the command had started is ended.
 */
export async function runHooks(hooks: readonly Hook[], context: HookContext): Promise<void> {
  const { policy, phase, log } = context
  const refused = hooks.filter(({ origin, line }) => origin === 'server' && !allowsCommand(policy, line))
  for (const { line } of refused) log('error', `Refused the ${phase} command of the server: ${line}`)
  if (refused.length > 0) {
    throw new AgentError('policy.forbidden', `Refused a ${phase} command of the server: the policy of this machine does not allow it`)
  }
  const account = hooks.length === 0 ? undefined : accountFor(policy)
  for (const hook of hooks) await runHook(hook, { ...context, account })
}

async function runHook(hook: Hook, context: HookContext & { readonly account: Account | undefined }): Promise<void> {
  const { phase, clock, signal, account, log } = context
  log('info', `${phase} command: ${hook.line}`)
  const channels = {
    output: new CommandOutput((line) => log('info', `  ${line}`)),
    errors: new CommandOutput((line) => log('warning', `  ${line}`)),
  }
  const timeout = new AbortController()
  const over = new AbortController()
  const timing = clock.sleep(hook.timeoutSeconds * 1000, over.signal).then(
    () => timeout.abort(failed(hook, { phase, state: `it took longer than ${hook.timeoutSeconds} s` })),
    () => undefined,
  )
  try {
    const end = await runCommand(SHELL, ['-c', hook.line], {
      environment: environmentFor(context),
      onOutput: (text, channel) => channels[channel].add(text),
      signal: AbortSignal.any([signal, timeout.signal]),
      folder: '/',
      account,
      clock,
    })
    if (end.kind !== 'code' || end.code !== 0) throw failed(hook, { phase, state: stateOf(end) })
  } finally {
    over.abort()
    await timing
    channels.output.end()
    channels.errors.end()
  }
}

function accountFor({ runAs }: CommandPolicy): Account | undefined {
  if (runAs === undefined) return undefined
  const account = accountOf(runAs)
  if (account === undefined) throw new AgentError('policy.invalid', `Cannot run commands as ${runAs}: there is no such user`)
  return account
}

function environmentFor({
  environment,
  account,
}: HookContext & { readonly account: Account | undefined }): Readonly<Record<string, string | undefined>> {
  if (account === undefined) return environment
  const kept = Object.entries(environment).filter(([name]) => HARMLESS.includes(name) || name.startsWith('HOLDFAST_RUN_'))
  const { name, homeFolder } = account
  return { ...Object.fromEntries(kept), HOME: homeFolder, USER: name, LOGNAME: name, SHELL }
}

function failed({ line }: Hook, { phase, state }: { readonly phase: HookPhase; readonly state: string }): AgentError {
  const shown = line.length > 200 ? `${line.slice(0, 200)}…` : line
  return new AgentError('run.command', `Cannot finish the ${phase} command ${JSON.stringify(shown)}: ${state}`)
}

function stateOf(end: CommandEnd): string {
  switch (end.kind) {
    case 'code':
      return `it ended with code ${end.code}`
    case 'signal':
      return `it was ended by ${end.signal}`
    case 'not-started':
      return end.state
  }
}
