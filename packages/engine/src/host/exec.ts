import { spawn } from 'node:child_process'
import { EngineError, systemCodeOf, systemStateOf } from '../errors.ts'

/** How much of what a program says on its error channel is kept for the message of its failure. */
const KEPT_ERROR_BYTES = 4096

export interface RunOptions {
  readonly signal?: AbortSignal | undefined
  /** Called with each piece that the program writes to its error channel. */
  readonly onErrorOutput?: (text: string) => void
}

/**
 * Runs a program and gives its output as it comes. The only place where the engine starts other programs; the arguments go to it as they
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
