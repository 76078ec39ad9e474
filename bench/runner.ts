import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Command, Measurement, RunReport } from './command.ts'

const RUN_ONE = fileURLToPath(new URL('./run-one.ts', import.meta.url))

/** Runs programs one at a time and measures them. */
export class Runner {
  #running: ChildProcess | undefined
  #isStopped = false

  /** Runs a command to its end. @throws Error with what it printed unless it ends with code 0 */
  async measure(command: Command): Promise<Measurement> {
    const report = JSON.parse(await this.#outputOf([RUN_ONE, JSON.stringify(command)])) as RunReport
    if (report.ending === 'code 0') return report
    throw new Error(`Cannot measure ${command.program} ${command.args.join(' ')}: it ended with ${report.ending}\n${report.output}`)
  }

  /** Runs a program of the bench that prints JSON, and gives what it printed. */
  async runProgram<Result>(module: string, args: readonly string[], nodeOptions: readonly string[] = []): Promise<Result> {
    return JSON.parse(await this.#outputOf([...nodeOptions, fileURLToPath(new URL(module, import.meta.url)), ...args])) as Result
  }

  /** Ends the running program, with all its children, and starts no other. */
  async stop(): Promise<void> {
    this.#isStopped = true
    const running = this.#running
    if (running?.pid === undefined || running.exitCode !== null) return
    const ended = new Promise((resolve) => running.once('close', resolve))
    process.kill(-running.pid, 'SIGKILL')
    await ended
  }

  /** Runs a module under this Node.js, in a process group of its own so that Ctrl-C leaves its end to {@link stop}. */
  async #outputOf(args: readonly string[]): Promise<string> {
    if (this.#isStopped) throw new Error('Cannot go on: the bench was stopped')
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
    this.#running = child
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', resolve)
    })
    if (code !== 0) throw new Error(`Cannot measure: ${args.find((arg) => arg.endsWith('.ts'))} ended with code ${code}`)
    return output
  }
}
