import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backup, initRepository, type OpenRepository, openStorage, parseLocation, systemClock } from '@holdfast/engine'
import { type FinishRun, type Hooks, type LogLevel, planDefinitionSchema, type RunProgress } from '@holdfast/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type BackupOrder, executeRun, type RestoreRunOrder, type RunContext } from './execute-run.ts'
import { type MachinePolicy, UNRESTRICTED } from './machine-policy.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-runner-'))
const source = join(folder, 'source')
let repository: OpenRepository
let lines: string[]
let progress: RunProgress[]

beforeAll(async () => {
  mkdirSync(join(source, 'private'), { recursive: true })
  writeFileSync(join(source, 'letter.txt'), 'Dear Sir')
  writeFileSync(join(source, 'private', 'key'), 'secret')
  symlinkSync('/etc', join(source, 'link'))
  const storage = await openStorage(parseLocation(join(folder, 'repository')), {})
  repository = await initRepository(storage, { password: 'x' })
})
beforeEach(() => {
  lines = []
  progress = []
})
afterAll(() => rmSync(folder, { recursive: true }))

const command = (line: string, timeoutSeconds = 60): Hooks['pre'][number] => ({ line, timeoutSeconds })

function orderOf(
  parts: { readonly paths?: readonly string[]; readonly hooks?: Partial<Hooks>; readonly minutes?: number } = {},
): BackupOrder {
  const definition = planDefinitionSchema.parse({ selection: { paths: parts.paths ?? [source] }, schedule: { cron: null }, tags: ['t'] })
  const hooks = { pre: [], post: [], onFailure: [], ...parts.hooks }
  const limits = { blackouts: [], ...(parts.minutes === undefined ? {} : { maxDurationMinutes: parts.minutes }) }
  return { kind: 'backup', runId: 7, planName: 'daily', repositoryId: 1, definition, hooks, limits, leaseMs: 60_000 }
}

function run(order: BackupOrder | RestoreRunOrder, context: Partial<RunContext> = {}): Promise<FinishRun> {
  return executeRun(order, {
    clock: systemClock,
    signal: new AbortController().signal,
    policy: UNRESTRICTED,
    environment: { PATH: '/usr/bin:/bin' },
    backup: async (_order, { plan, signal, progress }) =>
      backup(await repository.loadIndex({ signal }), { ...plan, signal, progress, hostname: 'test' }),
    progress: (event) => void progress.push(event),
    log: (level: LogLevel, message: string) => void lines.push(`${level} ${message}`),
    ...context,
  })
}

describe('a run', () => {
  test('makes a snapshot and says what is in it', async () => {
    const outcome = await run(orderOf({ paths: [source, join(folder, 'missing')] }))
    expect(outcome).toMatchObject({ state: 'finished', error: null, statistics: { filesNew: 2, fileCount: 2, errorCount: 1 } })
    expect(outcome.snapshotId).toMatch(/^[0-9a-f]{64}$/)
    expect(lines.join()).toContain('missing cannot be reached')
    expect(progress.map(({ phase }) => phase)).toEqual(expect.arrayContaining(['commands before', 'backup', 'commands after']))
    expect(progress.at(-1)).toMatchObject({ doneFiles: 2, errorCount: 1 })
  })

  test('carries out commands around the backup, those of the machine first', async () => {
    const hooks = {
      pre: [command('echo $HOLDFAST_RUN_PHASE of $HOLDFAST_RUN_PLAN')],
      post: [command('echo $HOLDFAST_RUN_SNAPSHOT >&2')],
      onFailure: [command('echo never')],
    }
    const outcome = await run(orderOf({ hooks }), { localCommands: [command('echo mine')] })
    expect(lines).toEqual([
      'info pre command: echo mine',
      'info   mine',
      `info pre command: ${hooks.pre[0]?.line}`,
      'info   pre of daily',
      `info post command: ${hooks.post[0]?.line}`,
      `warning   ${outcome.snapshotId}`,
    ])
  })

  test('ends when a command before fails, and carries out those for failures', async () => {
    const hooks = { pre: [command('exit 4'), command('echo never')], onFailure: [command('echo "$HOLDFAST_RUN_ERROR"')] }
    const outcome = await run(orderOf({ hooks }))
    expect(outcome).toMatchObject({ state: 'error', snapshotId: null, error: { code: 'run.command' } })
    expect(outcome.error?.message).toBe('Cannot finish the pre command "exit 4": it ended with code 4')
    expect(lines.at(-1)).toBe(`info   ${outcome.error?.message}`)
    expect(lines.join()).not.toContain('never')
  })

  test('keeps its snapshot when a command after it fails', async () => {
    const outcome = await run(orderOf({ hooks: { post: [command('exit 1')] } }))
    expect(outcome).toMatchObject({ state: 'error', error: { code: 'run.command' }, statistics: { fileCount: 2 } })
    expect(outcome.snapshotId).not.toBeNull()
  })

  test('ends a command that takes too long', async () => {
    const outcome = await run(orderOf({ hooks: { pre: [command('sleep 30', 1)] } }))
    expect(outcome.error?.message).toContain('it took longer than 1 s')
  })

  test('ends when it takes longer than the machine or the server wants', async () => {
    const clock = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 600, signal) }
    const policy = { ...UNRESTRICTED, limits: { blackouts: [], maxDurationMinutes: 1 } }
    const outcome = await run(orderOf({ minutes: 5, hooks: { pre: [command('sleep 30', 86_400)] } }), { clock, policy })
    expect(outcome).toMatchObject({ state: 'error', error: { code: 'run.timeout' } })
    expect(outcome.error?.message).toContain('1 min')
  })

  test('is given up when it is cancelled, and its command ends', async () => {
    const stopping = new AbortController()
    const running = run(orderOf({ hooks: { pre: [command('echo on; sleep 30')], onFailure: [command('echo never')] } }), {
      signal: stopping.signal,
      log: (_level, message) => (message.includes('  on') ? stopping.abort(new Error('cancelled')) : lines.push(message)),
    })
    await expect(running).rejects.toThrow('cancelled')
    expect(lines.join()).not.toContain('never')
  })

  test('keeps of a long output its beginning and its end', async () => {
    await run(orderOf({ hooks: { pre: [command("seq 100000; printf '%010000d' 1")] } }))
    const said = lines.filter((line) => line.startsWith('info   '))
    expect(said.length).toBe(601)
    expect(said.slice(499, 502)).toEqual(['info   500', 'info   … 99401 lines are left out …', 'info   99902'])
    expect(said.at(-1)?.length).toBeLessThan(4100)
  })
})

describe('the policy of the machine', () => {
  const policyOf = (parts: Partial<MachinePolicy>): MachinePolicy => ({ ...UNRESTRICTED, ...parts })
  const commands = (fromServer: 'deny' | 'listed', parts: Partial<MachinePolicy['commands']> = {}): MachinePolicy =>
    policyOf({ commands: { fromServer, lines: [], patterns: [], runAs: undefined, ...parts } })

  test('keeps commands of the server from running, not those of the machine', async () => {
    const marker = join(folder, 'ran')
    const order = orderOf({ hooks: { pre: [command(`touch ${marker}`)] } })
    const outcome = await run(order, { policy: commands('deny'), localCommands: [command('echo mine')] })
    expect(outcome).toMatchObject({ state: 'error', snapshotId: null, error: { code: 'policy.forbidden' } })
    expect(lines[0]).toBe(`error Refused the pre command of the server: touch ${marker}`)
    expect(() => readFileSync(marker)).toThrow()
    expect(await run(orderOf(), { policy: commands('deny'), localCommands: [command('echo mine')] })).toMatchObject({ state: 'finished' })
    expect(lines).toContain('info   mine')
  })

  test('lets through what it lists, word for word or by a pattern for the whole line', async () => {
    const policy = commands('listed', { lines: ['echo a'], patterns: [/^(?:echo [0-9]+)$/] })
    const stateOf = async (line: string): Promise<string> => (await run(orderOf({ hooks: { pre: [command(line)] } }), { policy })).state
    expect([await stateOf('echo a'), await stateOf('echo 12')]).toEqual(['finished', 'finished'])
    expect([await stateOf('echo a; id'), await stateOf('echo 12; id'), await stateOf('echo 12\nid')]).toEqual(['error', 'error', 'error'])
  })

  test('bounds what is backed up, whatever links lead there', async () => {
    const stateOf = async (path: string, parts: Partial<MachinePolicy>): Promise<string> =>
      (await run(orderOf({ paths: [path] }), { policy: policyOf(parts) })).state
    expect(await stateOf(source, { backupPaths: [folder] })).toBe('finished')
    expect(await stateOf('/', { backupPaths: [folder] })).toBe('error')
    expect(await stateOf(`${source}/../../..`, { backupPaths: [folder] })).toBe('error')
    expect(await stateOf(`${source}/link/hostname`, { backupPaths: [folder] })).toBe('error')
    expect(await stateOf('relative', {})).toBe('error')
    expect(await stateOf(`${source}x`, { backupPaths: [source] })).toBe('error')
    expect(await stateOf(join(source, 'private'), { neverBackupPaths: [join(source, 'private')] })).toBe('error')
  })

  test('leaves out of a backup what it never allows', async () => {
    const outcome = await run(orderOf(), { policy: policyOf({ neverBackupPaths: [join(source, 'private')] }) })
    expect(outcome).toMatchObject({ state: 'finished', statistics: { fileCount: 1 } })
  })

  test('bounds where a server restores to', async () => {
    const restored: (string | null)[] = []
    const stateOf = async (target: string | null, paths: string[] = []): Promise<string> => {
      const what = { overwrite: 'always', delete: false } as const
      const restore = { snapshotId: 'a'.repeat(64), paths, target, ...what, sources: [] }
      const order: RestoreRunOrder = { kind: 'restore', runId: 1, repositoryId: 1, restore, limits: { blackouts: [] }, leaseMs: 1000 }
      const policy = policyOf({ restorePaths: [source], neverRestorePaths: [join(source, 'private')] })
      const work = async (): Promise<{ fileCount: number }> => {
        restored.push(target)
        return { fileCount: 1 }
      }
      return (await run(order, { policy, restore: work })).state
    }
    expect(await stateOf(join(source, 'here'))).toBe('finished')
    expect(await stateOf(null, [join(source, 'letter.txt')])).toBe('finished')
    expect(await stateOf(null)).toBe('error')
    expect(await stateOf('/etc')).toBe('error')
    expect(await stateOf(join(source, 'link', 'cron.d'))).toBe('error')
    expect(await stateOf(join(source, 'private', 'x'))).toBe('error')
    expect(await stateOf(source)).toBe('error')
    expect(restored).toHaveLength(2)
  })

  test('keeps times free of runs, over midnight too', async () => {
    const now = new Date()
    const time = (hours: number): string => `${String((now.getHours() + hours + 24) % 24).padStart(2, '0')}:00`
    const stateOf = async (blackout: { from: string; to: string; days?: number[] }): Promise<string> =>
      (await run(orderOf(), { policy: policyOf({ limits: { blackouts: [blackout] } }) })).state
    expect(await stateOf({ from: time(-2), to: time(2) })).toBe('error')
    expect(await stateOf({ from: time(2), to: time(4) })).toBe('finished')
    expect(await stateOf({ from: time(-2), to: time(2), days: [(now.getDay() + 3) % 7] })).toBe('finished')
  })

  test('names the user that commands run as', async () => {
    if (process.getuid?.() !== 0) return
    const policy = commands('listed', { lines: ['id -un; echo $HOME:$SECRET'], runAs: 'nobody' })
    await run(orderOf({ hooks: { pre: [command('id -un; echo $HOME:$SECRET')] } }), { policy, environment: { PATH: '/bin', SECRET: 'x' } })
    expect(lines.slice(1, 3)).toEqual(['info   nobody', 'info   /nonexistent:'])
  })
})
