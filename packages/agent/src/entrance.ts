import { type Clock, messageOf } from '@holdfast/engine'
import type { Enrolled } from '@holdfast/protocol'
import type { AgentLog } from './agent-log.ts'
import { isAgentError } from './errors.ts'
import { BackOff } from './link/back-off.ts'
import { ServerLink } from './link/server-link.ts'
import { describeMachine } from './machine.ts'
import type { AgentSettings } from './settings.ts'
import { keepEnrolment, type StoredEnrolment } from './state/enrolment.ts'
import type { StateFolder } from './state/state-folder.ts'

/** What coming in needs, whichever way. */
export interface EntranceOptions {
  readonly folder: StateFolder
  readonly clock: Clock
  readonly version: string
  readonly certificateAuthority: string | undefined
}

/** A user's name and password, and what the machine is to be called and protect. */
export interface Registration extends Pick<AgentSettings, 'clientName' | 'paths' | 'backupIntervalSeconds'> {
  readonly serverUrl: string
  readonly username: string
  readonly password: string
  /** Of the user's authenticator, where one is needed. */
  readonly code?: string | undefined
}

/**
 * Comes in by a one-time code. The token is kept in the state folder; the code is worth nothing then.
 * @throws {AgentError} as `ServerLink` does, `state.invalid`
 */
export function enrol(
  { serverUrl, code }: { readonly serverUrl: string; readonly code: string },
  options: EntranceOptions,
): Promise<StoredEnrolment> {
  return enter(serverUrl, options, (link) => link.enrol({ code, machine: describeMachine(options.version) }))
}

/**
 * Comes in by a user's password, which is kept nowhere.
 * @throws {AgentError} as `ServerLink` does, `state.invalid`
 */
export function register(registration: Registration, options: EntranceOptions): Promise<StoredEnrolment> {
  const { serverUrl, username, password, code, clientName, paths, backupIntervalSeconds } = registration
  const request = {
    username,
    password,
    clientName,
    paths: [...paths],
    machine: describeMachine(options.version),
    ...(code === undefined ? {} : { code }),
    ...(backupIntervalSeconds === undefined ? {} : { intervalSeconds: backupIntervalSeconds }),
  }
  return enter(serverUrl, options, (link) => link.register(request))
}

/** As {@link register}, waiting for a server that is away. @throws {AgentError} when the server refuses; the signal's reason. */
export async function registerPatiently(
  registration: Registration,
  options: EntranceOptions & { readonly log: AgentLog; readonly signal: AbortSignal },
): Promise<StoredEnrolment> {
  const backOff = new BackOff()
  for (;;) {
    try {
      return await register(registration, options)
    } catch (error) {
      if (!isAgentError(error, 'link.unreachable')) throw error
      options.log.add('warning', `${messageOf(error)}; trying again`)
      await options.clock.sleep(backOff.next(error.retryAfterMs), options.signal)
    }
  }
}

async function enter(
  serverUrl: string,
  { folder, clock, certificateAuthority }: EntranceOptions,
  ask: (link: ServerLink) => Promise<Enrolled>,
): Promise<StoredEnrolment> {
  using link = new ServerLink({ serverUrl, token: () => undefined, clock, certificateAuthority })
  return keepEnrolment(folder, link.serverUrl, await ask(link))
}
