import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import koffi from 'koffi'
import type { Command, RunReport } from './command.ts'

/**
 * Runs one command, given as JSON, and prints what it took as JSON. A process of its own for each run, since the kernel adds up what the
 * children of a process have used.
 */
const POLL_MS = 20
const KEPT_OUTPUT_CHARACTERS = 4000
const RUSAGE_CHILDREN = -1

const getrusage = koffi.load(null).func('int getrusage(int who, void *usage)')

process.stdout.write(JSON.stringify(await runOne(JSON.parse(process.argv[2] ?? '') as Command)))

async function runOne(command: Command): Promise<RunReport> {
  const startedAt = process.hrtime.bigint()
  const child = spawn(command.program, command.args, {
    cwd: command.folder,
    env: command.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_OUTPUT_CHARACTERS)
    })
  }
  let polledBytes = 0
  const poll = setInterval(() => {
    polledBytes = Math.max(polledBytes, highestResidentBytes(child.pid))
  }, POLL_MS)
  const { ending, endedAt } = await new Promise<{ readonly ending: string; readonly endedAt: bigint }>((resolve) => {
    let endedAt = 0n
    child.on('error', (error) => resolve({ ending: error.message, endedAt: process.hrtime.bigint() }))
    child.on('exit', () => {
      endedAt = process.hrtime.bigint()
    })
    child.on('close', (code, signal) => resolve({ ending: signal === null ? `code ${code}` : `signal ${signal}`, endedAt }))
  })
  clearInterval(poll)
  const usage = usageOfChildren()
  // Until it executes its program, a child counts the memory of its parent: a smaller figure says nothing about the program.
  const peakBytes = usage.peakBytes > highestResidentBytes(process.pid) ? usage.peakBytes : polledBytes
  return { seconds: Number(endedAt - startedAt) / 1e9, cpuSeconds: usage.cpuSeconds, peakBytes, ending, output }
}

function highestResidentBytes(pid: number | undefined): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

/** `struct rusage` begins with two times as seconds and microseconds, user and system, and the peak in KiB. */
function usageOfChildren(): { readonly cpuSeconds: number; readonly peakBytes: number } {
  const usage = Buffer.alloc(144)
  if (getrusage(RUSAGE_CHILDREN, usage) !== 0) throw new Error('Cannot tell what the program used: getrusage failed')
  const [userSeconds, userMicros, systemSeconds, systemMicros, peakKib] = [0, 8, 16, 24, 32].map((at) => Number(usage.readBigInt64LE(at)))
  const cpuSeconds = (userSeconds ?? 0) + (systemSeconds ?? 0) + ((userMicros ?? 0) + (systemMicros ?? 0)) / 1e6
  return { cpuSeconds, peakBytes: (peakKib ?? 0) * 1024 }
}
