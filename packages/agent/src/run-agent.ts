import { type Clock, messageOf } from '@holdfast/engine'
import type { LogLevel } from '@holdfast/protocol'
import { Agent } from './agent.ts'
import { AgentLog } from './agent-log.ts'
import { StatusBoard } from './agent-status.ts'
import { register, registerPatiently } from './entrance.ts'
import { AgentError, isAgentError } from './errors.ts'
import { ServerLink } from './link/server-link.ts'
import { managedBackup, managedRestore } from './managed-work.ts'
import { type PageModel, PageServer } from './page/page-server.ts'
import type { MachinePolicy } from './runner/machine-policy.ts'
import { type AgentSettings, clientNameOf, missingSettings, pathsOf, serverUrlOf } from './settings.ts'
import { lockState } from './state/agent-lock.ts'
import { moveEnrolment, readEnrolment, type StoredEnrolment } from './state/enrolment.ts'
import { Outbox } from './state/outbox.ts'
import { loadPolicy } from './state/policy-file.ts'
import { StateFolder } from './state/state-folder.ts'
import { TokenKeeper } from './state/token-keeper.ts'

/** Variables that commands of a server shall not find in their environment. */
const SECRET_VARIABLE = /PASSWORD|SECRET|TOKEN|CREDENTIAL|_KEY$/i

export interface RunAgentOptions {
  readonly settings: AgentSettings
  /** Of the agent. */
  readonly version: string
  readonly clock: Clock
  /** Ends the agent in good order. */
  readonly signal: AbortSignal
  /** Of the process; what looks like a secret is kept from commands. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Certificates in PEM that are trusted instead of the system's. */
  readonly certificateAuthority?: string | undefined
  /** Instead of that of the machine: for a machine that is its own server. Asked for before each run. */
  readonly policy?: () => Promise<MachinePolicy>
  print(level: LogLevel, message: string): void
}

/**
 * Runs the agent until it is told to end. A machine that is not in yet comes in by what the settings say, or by the agent's page.
 * @throws {AgentError} `settings.missing` when neither will do, `state.*`, `page.failed`, and what the server says against coming in.
 */
export async function runAgent(options: RunAgentOptions): Promise<void> {
  const { settings, clock } = options
  const folder = await StateFolder.open(settings.stateFolder)
  using _lock = lockState(folder)
  const log = new AgentLog(clock, options.print)
  const parts = { folder, log, board: await StatusBoard.open(folder) }
  const known = await knownEnrolment(folder, settings)
  const gate = new Gate(known)
  await using _page = await openPage({ ...options, ...parts, gate })
  let enrolment = known ?? (await comeIn({ ...options, ...parts, gate }))
  while (enrolment !== undefined) {
    gate.enter(enrolment)
    log.tell(`This machine is ${enrolment.clientName} at ${enrolment.serverUrl}${enrolment.pagePath}`)
    enrolment = await work(enrolment, { ...options, ...parts })
  }
}

/** Lets whoever waits know that the machine is in. */
class Gate {
  enrolment: StoredEnrolment | undefined
  readonly entered: Promise<StoredEnrolment>
  readonly #resolve: (enrolment: StoredEnrolment) => void

  constructor(enrolment: StoredEnrolment | undefined) {
    const { promise, resolve } = Promise.withResolvers<StoredEnrolment>()
    this.entered = promise
    this.#resolve = resolve
    if (enrolment !== undefined) this.enter(enrolment)
  }

  enter(enrolment: StoredEnrolment): void {
    this.enrolment = enrolment
    this.#resolve(enrolment)
  }
}

interface Parts extends RunAgentOptions {
  readonly folder: StateFolder
  readonly log: AgentLog
  readonly board: StatusBoard
}

/** Works until the agent is told to end, or the machine is enrolled elsewhere meanwhile: gives where. */
async function work(enrolment: StoredEnrolment, parts: Parts): Promise<StoredEnrolment | undefined> {
  const { settings, folder, log, board, clock, version, certificateAuthority, signal } = parts
  const { serverUrl } = enrolment
  const leaving = new AbortController()
  let elsewhere: StoredEnrolment | undefined
  const tokens = new TokenKeeper(folder, enrolment, {
    onElsewhere: (found) => {
      elsewhere = found
      leaving.abort()
    },
  })
  const access = { serverUrl, token: () => tokens.current, clock, certificateAuthority }
  using link = new ServerLink(access)
  const { policyFile: file, allowCommands, allowRestores } = settings
  const { policy } = parts
  const agent = new Agent({
    ...{ link, clock, log, board, tokens, version },
    outbox: new Outbox(folder),
    pingIntervalMs: settings.pingIntervalMs,
    policy: policy ?? (() => loadPolicy({ state: folder, file, allowCommands, allowRestores })),
    work: {
      backup: managedBackup(access),
      restore: managedRestore(access),
      environment: withoutSecrets(parts.environment),
      localCommands: settings.preCommands,
    },
  })
  await agent.run(AbortSignal.any([signal, leaving.signal]))
  return signal.aborted ? undefined : elsewhere
}

async function knownEnrolment(folder: StateFolder, { serverUrl }: AgentSettings): Promise<StoredEnrolment | undefined> {
  const enrolment = await readEnrolment(folder)
  if (enrolment === undefined || serverUrl === undefined || serverUrl === enrolment.serverUrl) return enrolment
  return moveEnrolment(folder, enrolment, serverUrl)
}

/** Undefined when the agent is told to end first. */
async function comeIn(parts: Parts & { readonly gate: Gate }): Promise<StoredEnrolment | undefined> {
  const { settings, signal, gate } = parts
  const { serverUrl, username, password } = settings
  const missing = missingSettings(settings)
  try {
    if (missing.length === 0 && serverUrl !== undefined && username !== undefined && password !== undefined) {
      return await registerPatiently({ ...settings, serverUrl, username, password }, entranceOf(parts))
    }
    if (settings.page.isEnabled) return await Promise.race([gate.entered, untilAborted(signal)])
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
  throw new AgentError(
    'settings.missing',
    `Cannot start: not set: ${missing.join(', ')}, and the page is switched off; set them, or enrol with a code`,
  )
}

function entranceOf({ folder, clock, version, certificateAuthority, log, signal }: Parts): Parameters<typeof registerPatiently>[1] {
  return { folder, clock, version, certificateAuthority, log, signal }
}

/** The page of the agent; undefined where it is switched off, or cannot be shown by a machine that does not need it. */
async function openPage(parts: Parts & { readonly gate: Gate }): Promise<PageServer | undefined> {
  const { settings, clock, log, gate } = parts
  if (!settings.page.isEnabled) return undefined
  let address = ''
  const say = (code: string): void => log.tell(`The page of the agent${address} asks for this code: ${code}`)
  const codes: string[] = []
  const onCode = (code: string): void => (address === '' ? void codes.push(code) : say(code))
  try {
    const page = await PageServer.listen({ ...settings.page, model: modelOf(parts), onCode, now: () => clock.now() })
    address = `, ${page.url},`
    codes.forEach(say)
    return page
  } catch (error) {
    if (gate.enrolment === undefined || !isAgentError(error, 'page.failed')) throw error
    log.add('warning', messageOf(error))
    return undefined
  }
}

function modelOf(parts: Parts & { readonly gate: Gate }): PageModel {
  const { settings, board, gate } = parts
  const { serverUrl = '', username = '', clientName, paths } = settings
  return {
    enrolment: () => gate.enrolment,
    status: () => board.current,
    suggestion: { serverUrl, username, clientName, paths: paths.join('\n') },
    register: async (form) => {
      const { password, code, username: user } = form
      const folders = pathsOf(form.paths, /\r?\n/)
      if (user === '' || password === '' || folders.length === 0) {
        throw new AgentError('settings.missing', 'Cannot protect this machine: user, password and at least one folder are needed')
      }
      const registration = {
        ...{ username: user, password, code, paths: folders },
        serverUrl: serverUrlOf(form.serverUrl),
        clientName: clientNameOf(form.clientName),
        backupIntervalSeconds: settings.backupIntervalSeconds,
      }
      gate.enter(await register(registration, entranceOf(parts)))
    },
  }
}

function untilAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}

function withoutSecrets(environment: RunAgentOptions['environment']): RunAgentOptions['environment'] {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !SECRET_VARIABLE.test(name)))
}
