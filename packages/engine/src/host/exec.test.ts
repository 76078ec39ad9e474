import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { systemClock } from './clock.ts'
import { type CommandOptions, runCommand } from './exec.ts'
import { processExists } from './machine.ts'
import { accountOf } from './user-names.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-exec-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function shell(line: string, options: Partial<CommandOptions> = {}): Promise<{ readonly end: unknown; readonly said: string }> {
  let said = ''
  const end = await runCommand('/bin/sh', ['-c', line], {
    environment: { PATH: '/usr/bin:/bin' },
    onOutput: (text) => {
      said += text
    },
    ...options,
  })
  return { end, said }
}

test('a command says what it says, on both channels, and ends as it ends', async () => {
  expect(await shell('echo out; echo err >&2; exit 3')).toEqual({ end: { kind: 'code', code: 3 }, said: 'out\nerr\n' })
  expect((await shell('kill -9 $$')).end).toEqual({ kind: 'signal', signal: 'SIGKILL' })
  expect(await runCommand('/nowhere/at-all', [], { environment: {}, onOutput: () => undefined })).toMatchObject({ kind: 'not-started' })
  expect(await runCommand('a\0b', [], { environment: {}, onOutput: () => undefined })).toMatchObject({ kind: 'not-started' })
})

test('a command has the environment that it is given, and no input', async () => {
  expect((await shell('cat; echo "$WORD:$HOME"; pwd', { environment: { WORD: 'x y' }, folder })).said).toBe(`x y:\n${folder}\n`)
})

test('what is left in the background does not hold the command up', async () => {
  const before = systemClock.now()
  expect((await shell('sleep 30 & echo done; echo $! > pid', { folder })).said).toBe('done\n')
  expect(systemClock.now() - before).toBeLessThan(5000)
  process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')))
})

test('an aborted command ends with all that it started, even if that does not listen', async () => {
  const stopping = new AbortController()
  const line = `sh -c 'trap "" TERM; echo $$ > stubborn; echo started; sleep 30; sleep 30' & wait`
  const running = shell(line, {
    folder,
    signal: stopping.signal,
    onOutput: () => stopping.abort(new Error('enough')),
  })
  await expect(running).rejects.toThrow('enough')
  const pid = Number(readFileSync(join(folder, 'stubborn'), 'utf8'))
  for (let tries = 0; tries < 400 && isAlive(pid); tries++) await systemClock.sleep(50)
  expect(isAlive(pid)).toBe(false)
})

test('a command runs as another user where that is possible', async () => {
  const account = accountOf('nobody')
  expect(account).toMatchObject({ name: 'nobody', userId: 65_534 })
  const { end, said } = await shell('id -un; id -G', { account })
  if (process.getuid?.() === 0) expect(said).toBe(`nobody\n${account?.groupId}\n`)
  else expect(end).toMatchObject({ kind: 'not-started' })
  expect(accountOf('no-such-user')).toBeUndefined()
})

/** A killed process whose parent has not asked yet how it ended is dead as well. */
function isAlive(pid: number): boolean {
  if (!processExists(pid)) return false
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
