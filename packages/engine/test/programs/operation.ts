import { writeSync } from 'node:fs'
import { type Clock, systemClock } from '../../src/host/clock.ts'
import { type OpenRepository, openRepository } from '../../src/repository/open-repository.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import { type Operation, runOperation } from '../run-operation.ts'
import { type WatchedCall, watchStorage } from '../watched-storage.ts'

/** What this program is to do, as JSON in its one argument. */
export interface OperationRequest extends Pick<Operation, 'operation' | 'packSizeBytes' | 'keepLast'> {
  readonly repository: string
  readonly password: string
  /** What is backed up, or the repository that is copied from. */
  readonly source?: string
  /** How many seconds pass for the operation in one real second: index files and refreshed locks come as often as in a long run. */
  readonly speed: number
  /** Whether writing takes longer, so that files are there in part for a while. */
  readonly isPaced: boolean
  /** The line before which, or after which, the process kills itself, the how manieth of its kind, and how long after it. */
  readonly death?: { readonly line: string; readonly occurrence: number; readonly delayMs: number }
}

/**
 * Carries out one operation, for tests that kill it. Prints `begun`, then `+ write index` when a call of the storage begins and `- write
 * index` when it has ended, at last `done`.
 */
const request = JSON.parse(process.argv[2] ?? '{}') as OperationRequest
const clock = request.speed === 1 ? systemClock : fastClock(request.speed)
let occurrences = 0
const PACE_MS = 3

function say(line: string): void {
  writeSync(1, `${line}\n`)
  const { death } = request
  if (line !== death?.line || ++occurrences !== death.occurrence) return
  if (death.delayMs > 0) setTimeout(die, death.delayMs)
  else die()
}

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

function sayCall(sign: '+' | '-', { operation, kind }: WatchedCall): void {
  say(`${sign} ${operation} ${kind ?? ''}`)
}

async function open(location: string): Promise<OpenRepository> {
  const storage = watchStorage(await openStorage(location), {
    begun: (call) => sayCall('+', call),
    ended: (call) => sayCall('-', call),
    pace: request.isPaced ? () => systemClock.sleep(PACE_MS) : undefined,
  })
  return openRepository(storage, { password: request.password, clock })
}

/** A clock that runs faster than the world's. */
function fastClock(speed: number): Clock {
  const startedAtMs = systemClock.now()
  return {
    now: () => startedAtMs + (systemClock.now() - startedAtMs) * speed,
    sleep: (durationMs, signal) => systemClock.sleep(durationMs / speed, signal),
    every: (intervalMs, action) => systemClock.every(intervalMs / speed, action),
  }
}

const { source = '' } = request
say('begun')
await runOperation(await open(request.repository), { ...request, folder: source, openSource: () => open(source) })
say('done')
