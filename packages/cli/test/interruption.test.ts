import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOLDFAST, holdfast, messages, playground, restic, run } from './programs.ts'

const place = playground()
const { env } = place

beforeAll(async () => {
  mkdirSync(place.path('data'))
  for (let number = 0; number < 24; number++) writeFileSync(place.path('data', `file-${number}`), randomBytes(8 * 1024 * 1024))
  expect((await holdfast(['init'], { env })).code).toBe(0)
})
afterAll(() => place.remove())

/** Begins a slow backup and sends signals when it has stored something. */
function interrupted(signals: readonly NodeJS.Signals[]): ReturnType<typeof holdfast> {
  const before = packCount()
  return holdfast(['backup', place.path('data'), '--limit-upload', '20000', '--pack-size', '4', '--json'], {
    env,
    onStart: async (kill) => {
      while (packCount() < before + 3) await pause(20)
      for (const signal of signals) kill(signal)
    },
  })
}

function packCount(): number {
  return readdirSync(place.path('repository', 'data'), { recursive: true, encoding: 'utf8' }).filter((name) => /[0-9a-f]{64}$/.test(name))
    .length
}

describe('an interrupted backup', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s: ends with 130, without locks, and the repository is sound', async (signal) => {
    const outcome = await interrupted([signal])
    expect(outcome.code).toBe(130)
    expect(messages(outcome.errors.replace(/^\r?signal.*$/m, '')).at(-1)).toMatchObject({ message_type: 'exit_error', code: 130 })
    expect((await holdfast(['list', 'locks'], { env })).output).toBe('')
    expect(await restic(['check', '--read-data'], { env })).toMatchObject({ code: 0 })
    expect((await holdfast(['snapshots', '--json'], { env })).output.trim()).toBe('[]')
  })

  test('a second signal ends it at once, and leaves nothing but a lock', async () => {
    const { code } = await interrupted(['SIGINT', 'SIGTERM'])
    // The helper's word for a process that a signal has ended.
    expect(code).toBe(-1)
    expect(await restic(['unlock'], { env })).toMatchObject({ code: 0 })
    expect(await restic(['check', '--read-data'], { env })).toMatchObject({ code: 0 })
  })

  test('is not repeated from the start: what was stored is in the index', async () => {
    const outcome = await holdfast(['backup', place.path('data'), '--json'], { env })
    expect(outcome.code).toBe(0)
    const summary = messages(outcome.output).at(-1) as { data_added: number; total_bytes_processed: number }
    expect(summary.data_added).toBeLessThan(summary.total_bytes_processed * 0.99)
  })
})

test('SIGHUP, by which restic asks whether a process still lives, is no interruption', async () => {
  let hangups = 0
  const outcome = await holdfast(['backup', place.path('data'), '--force', '--json'], {
    env: { ...env, RESTIC_PROGRESS_FPS: '20' },
    onStart: async (kill, said) => {
      while (!said().includes('bytes_done')) await new Promise((resolve) => setTimeout(resolve, 20))
      kill('SIGHUP')
      hangups++
    },
  })
  expect([outcome.code, hangups]).toEqual([0, 1])
})

test('SIGUSR1 asks how far things are', async () => {
  const outcome = await holdfast(['backup', '-v', '--stdin-from-command', '--', 'sh', '-c', 'echo something; sleep 3'], {
    env,
    onStart: async (kill, said) => {
      while (!said().includes('read data from stdin')) await pause(20)
      await pause(700)
      kill('SIGUSR1')
    },
  })
  expect(outcome.code).toBe(0)
  expect(outcome.output).toMatch(/\[0:\d\d\] 0 files, 10 B, 0 errors/)
})

test('a reader that goes away ends the output quietly', async () => {
  const outcome = await run('bash', ['-c', `set -o pipefail; "$0" ls latest --long | head -c 10; exit \${PIPESTATUS[0]}`, HOLDFAST], {
    env,
  })
  expect(outcome.errors).toBe('')
  expect([0, 141]).toContain(outcome.code)
})

test.each([
  ['text', ['snapshots']],
  ['bytes', ['dump', 'latest', '/']],
])('a full disk behind the output, of %s, is a plain failure that leaves no lock', async (_, args) => {
  const outcome = await run('sh', ['-c', 'exec "$0" "$@" >/dev/full', HOLDFAST, ...args], { env })
  expect(outcome).toMatchObject({ code: 1, errors: 'Fatal: cannot write the output: no space left on device\n' })
  expect((await holdfast(['list', 'locks'], { env })).output).toBe('')
})

test('a backup is made even if nobody can be told', async () => {
  const outcome = await run('sh', ['-c', 'exec "$0" "$@" >/dev/full', HOLDFAST, 'backup', place.path('data'), '--tag', 'untold'], { env })
  expect(outcome.code).toBe(1)
  const snapshots: readonly unknown[] = JSON.parse((await holdfast(['snapshots', '--tag', 'untold', '--json'], { env })).output)
  expect(snapshots.length).toBe(1)
})

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}
