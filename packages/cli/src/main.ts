import { CommandFailure } from './command-failure.ts'
import { Environment } from './environment.ts'
import { progressRequests } from './output/progress-requests.ts'
import { Terminal } from './output/terminal.ts'
import { runCommandLine } from './run.ts'

/** What a shell reports of a program that SIGPIPE has ended. */
const EXIT_BROKEN_PIPE = 141

const environment = new Environment()
const terminal = new Terminal(
  { input: process.stdin, output: process.stdout, errors: process.stderr },
  { isDumb: environment.get('term') === 'dumb', noColor: environment.get('noColor') !== undefined },
)
const interruption = new AbortController()
let isPipeBroken = false
let outputError: Error | undefined

/** The first signal ends the command in good order, the second at once, as if nobody had listened: leaving would wait for the threads. */
function interrupt(signal: NodeJS.Signals): void {
  if (interruption.signal.aborted) {
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  }
  terminal.printError(`\rsignal ${signal} received, cleaning up`)
  interruption.abort(new CommandFailure('interrupted', 'interrupted'))
}

/**
 * Whoever read the output has gone (EIO: with the terminal): the command ends in good order, without a word. When the output cannot be
 * written for another reason, such as a full disk, a backup is no less wanted: the command goes on and fails in the end.
 */
function noteOutputFailure(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') {
    outputError ??= error
    return
  }
  isPipeBroken = true
  if (!interruption.signal.aborted) interruption.abort(new CommandFailure('interrupted', 'nobody reads the output'))
}

async function main(args: readonly string[]): Promise<number> {
  try {
    await runCommandLine(args, { environment, terminal, signal: interruption.signal })
    await terminal.finish()
    if (outputError !== undefined) throw outputError
    return isPipeBroken ? EXIT_BROKEN_PIPE : 0
  } catch (error) {
    if (isPipeBroken) return EXIT_BROKEN_PIPE
    const { asOutputFailure, reportFailure } = await import('./failure-report.ts')
    // Whatever an interrupted command ends with is a consequence of that.
    const failure = outputError === undefined ? error : asOutputFailure(outputError)
    const cause = interruption.signal.aborted ? interruption.signal.reason : failure
    return reportFailure(cause, terminal, { isJson: args.includes('--json'), withStack: args.includes('-vv') })
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt)
// restic sends this one to every process of this machine that holds a lock, to see whether it still lives.
process.on('SIGHUP', () => undefined)
// Without a listener, Node would open a debugger to whoever may send this signal.
process.on('SIGUSR1', () => {
  for (const request of progressRequests) request()
})
process.stdout.on('error', noteOutputFailure)
process.stderr.on('error', noteOutputFailure)

const exitCode = await main(process.argv.slice(2))
await terminal.finish()
process.exit(exitCode)
