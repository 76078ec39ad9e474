import { type Clock, messageOf, secureRandom } from '@holdfast/engine'
import type { FinishRun, Machine, RunOrder } from '@holdfast/protocol'
import type { AgentLog } from './agent-log.ts'
import type { StatusBoard } from './agent-status.ts'
import { type AgentError, isAgentError } from './errors.ts'
import { BackOff, jittered } from './link/back-off.ts'
import { RunReport } from './link/run-report.ts'
import type { ServerLink } from './link/server-link.ts'
import { describeMachine } from './machine.ts'
import { QuestionDesk } from './questions/question-desk.ts'
import { executeRun, type RunContext } from './runner/execute-run.ts'
import { isBlackedOut, type MachinePolicy } from './runner/machine-policy.ts'
import type { Outbox } from './state/outbox.ts'
import type { TokenKeeper } from './state/token-keeper.ts'

/** How long a server is let wait with its answer when there is nothing to do. */
const CLAIM_WAIT_SECONDS = 50
/** When the machine may not work now, it is looked again so often. */
const LOOK_AGAIN_MS = 30_000
const LEAST_WAIT_MS = 1000
const ASK_AGAIN_MS = 10_000
/** An agent that is not let in looks so often whether the machine was enrolled anew. */
const LOOK_FOR_TOKEN_MS = 5000
/** When a new token could not be taken or kept, it is tried again after so long. */
const RENEW_AGAIN_MS = 3_600_000
/** An agent that stops tells the server how its run ended, if the server answers in this time. */
const FAREWELL_MS = 5000

export interface AgentOptions {
  readonly link: ServerLink
  readonly clock: Clock
  readonly log: AgentLog
  readonly board: StatusBoard
  readonly outbox: Outbox
  /** Of which the link uses the current one. */
  readonly tokens: TokenKeeper
  /** Of the agent. */
  readonly version: string
  readonly pingIntervalMs: number
  /** What the machine's owner allows; asked before each run, so that a change counts at once. */
  readonly policy: () => Promise<MachinePolicy>
  /** How runs are carried out, beside what the agent itself knows of them. */
  readonly work: Pick<RunContext, 'backup' | 'restore' | 'environment' | 'localCommands'>
}

/** What an agent does side by side. */
type Task = 'pings' | 'runs'

/** A machine's side of its server: says that it is there, takes runs one after the other, carries them out and tells how they ended. */
export class Agent {
  readonly #options: AgentOptions
  /** By which the server tells this process from another of the same machine. */
  readonly #instance = secureRandom(12).toString('hex')
  readonly #problems = new Map<Task, string>()
  readonly #desk: QuestionDesk
  #isRenewalWanted = false
  #renewAfter = 0

  constructor(options: AgentOptions) {
    this.#options = options
    this.#desk = new QuestionDesk(options)
  }

  /**
   * Works until `signal` is aborted; a server that is away, or refuses the machine, is asked again and again.
   * @throws {AgentError} `state.invalid` when the state folder cannot be used any more.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { board, outbox } = this.#options
    await outbox.recover()
    const broken = new AbortController()
    const either = AbortSignal.any([signal, broken.signal])
    const guarded = (task: Promise<void>): Promise<void> =>
      task.catch((error: unknown) => {
        broken.abort(error)
        throw error
      })
    try {
      await Promise.all([guarded(this.#pings(either)), guarded(this.#runs(either))])
    } finally {
      await this.#farewell()
      await board.flush()
    }
  }

  /** The machine as it is now. A policy that cannot be used is told of where runs are asked for; the machine is there all the same. */
  async #machine(): Promise<Machine> {
    const policy = await this.#options.policy().catch(() => undefined)
    return describeMachine(this.#options.version, policy)
  }

  async #pings(signal: AbortSignal): Promise<void> {
    const { link, log, tokens, pingIntervalMs } = this.#options
    await this.#again('pings', signal, async () => {
      const { rotateToken } = await link.ping(await this.#machine(), signal).catch(async (error: unknown) => {
        if (isAgentError(error, 'link.unauthorised') && (await this.#lookForToken()) === 'same') tokens.fallBack()
        throw error
      })
      this.#isRenewalWanted = rotateToken
      await tokens.confirm()
      await log.send(link, signal)
      return pingIntervalMs - pingIntervalMs / 10 + jittered(pingIntervalMs / 10)
    })
  }

  async #runs(signal: AbortSignal): Promise<void> {
    const { link, clock } = this.#options
    await this.#again('runs', signal, async () => {
      await this.#deliver(signal)
      if (this.#isRenewalWanted && clock.now() >= this.#renewAfter) await this.#renewToken(signal)
      const policy = await this.#options.policy()
      if (isBlackedOut(clock.now(), policy.limits.blackouts)) {
        await this.#listening(signal, () => clock.sleep(LOOK_AGAIN_MS, signal).catch(() => undefined))
        return 0
      }
      const askedAt = clock.now()
      const request = { waitSeconds: CLAIM_WAIT_SECONDS, instance: this.#instance, answersQuestions: this.#desk.hasRoom }
      const { order, question } = await link.claim(request, signal)
      if (question !== null) this.#desk.take(question, signal)
      if (order !== null) await this.#listening(signal, () => this.#carryOut(order, { policy, signal }))
      // A server that cannot wait with its answer is not asked without a pause.
      return order === null && question === null && clock.now() - askedAt < LEAST_WAIT_MS ? jittered(ASK_AGAIN_MS) : 0
    })
  }

  /** Does something during which no run is asked for; questions of the server are answered meanwhile. */
  async #listening(signal: AbortSignal, action: () => Promise<void>): Promise<void> {
    const over = new AbortController()
    const listening = this.#desk.listen(AbortSignal.any([signal, over.signal]))
    try {
      await action()
    } finally {
      over.abort()
      await listening
    }
  }

  /** Does something over and over, pausing as long as it says; longer and longer while it fails. */
  async #again(what: Task, signal: AbortSignal, action: () => Promise<number>): Promise<void> {
    const { clock, tokens } = this.#options
    const backOff = new BackOff()
    while (!signal.aborted) {
      const { enrolledAgain } = tokens
      let pauseMs: number
      try {
        pauseMs = await action()
        backOff.reset()
        this.#succeeds(what)
      } catch (error) {
        if (signal.aborted) return
        if (!isAgentError(error) || error.code === 'state.invalid') throw error
        this.#fails(what, error)
        pauseMs = backOff.next(error.retryAfterMs)
        if (error.code === 'link.unauthorised') {
          await this.#pauseForToken(pauseMs, { signal, isOver: () => tokens.enrolledAgain !== enrolledAgain })
          continue
        }
      }
      await clock.sleep(pauseMs, signal).catch(() => undefined)
    }
  }

  /** Pauses, but no longer than until the machine is enrolled anew. */
  async #pauseForToken(
    pauseMs: number,
    { signal, isOver }: { readonly signal: AbortSignal; readonly isOver: () => boolean },
  ): Promise<void> {
    for (let leftMs = pauseMs; leftMs > 0 && !signal.aborted && !isOver(); leftMs -= LOOK_FOR_TOKEN_MS) {
      await this.#options.clock.sleep(Math.min(leftMs, LOOK_FOR_TOKEN_MS), signal).catch(() => undefined)
      if (!isOver()) await this.#lookForToken()
    }
  }

  async #lookForToken(): ReturnType<TokenKeeper['lookAgain']> {
    const { tokens, log } = this.#options
    const found = await tokens.lookAgain()
    if (found === 'taken') log.add('info', 'This machine was enrolled anew: its new token is used from now on')
    return found
  }

  /** Between runs, when nothing else is at work. What goes wrong changes nothing that has to be mended: one token is in force. */
  async #renewToken(signal: AbortSignal): Promise<void> {
    const { link, tokens, log, clock } = this.#options
    this.#isRenewalWanted = false
    try {
      await link.renewToken(await this.#machine(), { keep: (token) => tokens.replace(token), signal })
      await tokens.confirm()
      log.add('info', 'The token of this machine was replaced')
    } catch (error) {
      signal.throwIfAborted()
      this.#renewAfter = clock.now() + RENEW_AGAIN_MS
      if (isAgentError(error, 'link.unauthorised') && (await this.#lookForToken()) === 'same') tokens.fallBack()
      log.add('warning', `Cannot replace the token of this machine: ${messageOf(error)}`)
    }
  }

  async #carryOut(order: RunOrder, { policy, signal }: { readonly policy: MachinePolicy; readonly signal: AbortSignal }): Promise<void> {
    const { clock, link, log, board, outbox, work } = this.#options
    const outline = { runId: order.runId, kind: order.kind, name: nameOf(order), startedAt: new Date(clock.now()).toISOString() }
    await outbox.begin(order.runId)
    board.change({ currentRun: outline })
    log.add('info', `Run ${order.runId} (${outline.name}) begins`)
    await using report = new RunReport(order, { link, clock })
    const context = {
      ...work,
      clock,
      policy,
      signal: AbortSignal.any([signal, report.signal]),
      progress: report.progress.bind(report),
      log: report.log.bind(report),
    }
    const outcome = await executeRun(order, context).catch((error: unknown) => outcomeOf(report.verdict, error, signal))
    const unsent = await report.close()
    if (report.verdict === 'lost') await outbox.drop()
    else await outbox.put({ runId: order.runId, outcome, log: unsent })
    board.change({ currentRun: null, lastRun: { ...outline, finishedAt: new Date(clock.now()).toISOString(), outcome } })
    log.add(outcome.state === 'error' ? 'error' : 'info', `Run ${order.runId} (${outline.name}): ${endOf(outcome)}`)
  }

  async #deliver(signal: AbortSignal): Promise<void> {
    const { outbox, link, log } = this.#options
    const onRefused = (runId: number, error: Error): void =>
      log.add('warning', `The server does not take the end of run ${runId}: ${error.message}`)
    await outbox.deliver(link, { signal, onRefused })
  }

  /** Whatever is not told now is told by the next process. */
  async #farewell(): Promise<void> {
    await this.#deliver(AbortSignal.timeout(FAREWELL_MS)).catch(() => undefined)
  }

  #succeeds(what: Task): void {
    const { board, log, clock } = this.#options
    const hadProblem = this.#problems.delete(what)
    const [problem = null] = this.#problems.values()
    if (hadProblem && problem === null) log.add('info', 'All is well again')
    board.change({ isReachable: true, problem, heardAt: new Date(clock.now()).toISOString() })
  }

  #fails(what: Task, error: AgentError): void {
    const { board, log } = this.#options
    if (![...this.#problems.values()].includes(error.message)) log.add('warning', error.message)
    this.#problems.set(what, error.message)
    board.change({ isReachable: error.code !== 'link.unreachable', problem: error.message })
  }
}

/** Of a run that was ended from outside. */
function outcomeOf(verdict: RunReport['verdict'], error: unknown, signal: AbortSignal): FinishRun {
  const nothing = { snapshotId: null, statistics: null }
  if (verdict === 'cancelled') return { state: 'cancelled', ...nothing, error: null }
  const failure =
    verdict === 'lost'
      ? { code: 'run.lost', message: messageOf(error) }
      : { code: 'run.interrupted', message: `Interrupted: ${signal.aborted ? 'the agent was stopped' : messageOf(error)}` }
  return { state: 'error', ...nothing, error: failure }
}

function endOf({ state, snapshotId, error }: FinishRun): string {
  if (error !== null) return error.message
  return snapshotId === null ? state : `snapshot ${snapshotId.slice(0, 8)} saved`
}

function nameOf(order: RunOrder): string {
  return order.kind === 'backup' ? order.planName : 'restore'
}
