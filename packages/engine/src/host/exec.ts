import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { EngineError, messageOf, systemCodeOf, systemStateOf } from '../errors.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Account } from './user-names.ts'

/** How much of what a program says on its error channel is kept for the message of its failure. */
const KEPT_ERROR_BYTES = 4096

export interface RunOptions {
  readonly signal?: AbortSignal | undefined
  /** Called with each piece that the program writes to its error channel. */
  readonly onErrorOutput?: (text: string) => void
}

/**
 * Runs a program and gives its output as it comes. The arguments go to it as they
 * are, no shell is between. Leaving the iteration early ends the program.
 * @throws {EngineError} `source.command`, after the last piece of output, when the program cannot be started, ends with another code than
 *   0 or is killed: its output is not whole then.
 */
export async function* runProgram(program: string, args: readonly string[], options: RunOptions = {}): AsyncGenerator<Buffer, void, void> {
  const child = spawn(program, args, { stdio: ['inherit', 'pipe', 'pipe'], shell: false, signal: options.signal })
  const ended = new Promise<{ readonly state: string } | undefined>((resolve) => {
    child.on('error', (error) => resolve({ state: systemCodeOf(error) === 'ENOENT' ? 'there is no such program' : systemStateOf(error) }))
    child.on('close', (code, signal) =>
      resolve(code === 0 ? undefined : { state: signal === null ? `it ended with code ${code}` : `it was ended by ${signal}` }),
    )
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT_ERROR_BYTES)
    options.onErrorOutput?.(text)
  })
  try {
    for await (const piece of child.stdout) yield piece as Buffer
    const failure = await ended
    options.signal?.throwIfAborted()
    if (failure === undefined) return
    const detail = said.trim() === '' ? '' : `: ${said.trim()}`
    throw new EngineError('source.command', `Cannot run ${program}: ${failure.state}${detail}`, { context: { program } })
  } finally {
    child.kill()
  }
}

/** How long a program that is told to end may take before it is killed. */
const ENDING_MS = 5000
/** How long output may still come after its program has ended: whatever it left in the background may hold the channel for ever. */
const LATE_OUTPUT_MS = 500

export interface CommandOptions {
  /** All that the program finds in its environment. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Called with each piece that the program, or one that it started, writes to either channel. */
  readonly onOutput: (text: string, channel: 'output' | 'errors') => void
  /** Ends the program and all that it started. */
  readonly signal?: AbortSignal | undefined
  readonly folder?: string | undefined
  /** The user to run as, with the groups of that user's own group alone; takes the rights of root. */
  readonly account?: Account | undefined
  readonly clock?: Clock | undefined
}

/** How a program ended: with a code, by a signal, or not at all because it could not be started. */
export type CommandEnd =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'not-started'; readonly state: string }

/**
 * Runs a program of its own process group without input, to its end; no shell is between. What it leaves in the background goes on without
 * being listened to, unless the run is aborted.
 * @throws the signal's reason, after the whole group was told to end and killed if it did not.
 */
export async function runCommand(program: string, args: readonly string[], options: CommandOptions): Promise<CommandEnd> {
  const { signal } = options
  signal?.throwIfAborted()
  const child = startCommand(program, args, options)
  if ('state' in child) return child
  const ending = new AbortController()
  const stop = (): void => void endGroup(child.pid, { clock: options.clock ?? systemClock, until: ending.signal })
  signal?.addEventListener('abort', stop, { once: true })
  try {
    const end = await endOf(child, options)
    if (signal?.aborted === true) killGroup(child.pid, 'SIGKILL')
    signal?.throwIfAborted()
    return end
  } finally {
    signal?.removeEventListener('abort', stop)
    ending.abort()
  }
}

type Child = ChildProcessByStdio<null, Readable, Readable>

function startCommand(
  program: string,
  args: readonly string[],
  { environment, folder, account }: CommandOptions,
): Child | Extract<CommandEnd, { kind: 'not-started' }> {
  const identity = account === undefined ? {} : { uid: account.userId, gid: account.groupId }
  try {
    return spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: false,
      detached: true,
      env: environment,
      cwd: folder,
      ...identity,
    })
  } catch (error) {
    return { kind: 'not-started', state: messageOf(error) }
  }
}

async function endOf(child: Child, { onOutput, clock = systemClock }: CommandOptions): Promise<CommandEnd> {
  child.stdout.setEncoding('utf8').on('data', (text: string) => onOutput(text, 'output'))
  child.stderr.setEncoding('utf8').on('data', (text: string) => onOutput(text, 'errors'))
  const closed = new AbortController()
  child.on('close', () => closed.abort())
  const end = await new Promise<CommandEnd>((resolve) => {
    child.on('error', (error) => resolve({ kind: 'not-started', state: systemStateOf(error) }))
    child.on('exit', (code, signal) => resolve(code === null ? { kind: 'signal', signal: signal ?? '' } : { kind: 'code', code }))
  })
  const isOutputOpen = end.kind !== 'not-started' && !closed.signal.aborted
  if (isOutputOpen) await clock.sleep(LATE_OUTPUT_MS, closed.signal).catch(() => undefined)
  child.stdout.destroy()
  child.stderr.destroy()
  return end
}

async function endGroup(pid: number | undefined, { clock, until }: { readonly clock: Clock; readonly until: AbortSignal }): Promise<void> {
  killGroup(pid, 'SIGTERM')
  await clock.sleep(ENDING_MS, until).then(
    () => killGroup(pid, 'SIGKILL'),
    () => undefined,
  )
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // Nobody is left.
  }
}
