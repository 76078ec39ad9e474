import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AgentError } from '../errors.ts'
import { isLocked, lockState } from './agent-lock.ts'
import { keepEnrolment, readEnrolment } from './enrolment.ts'
import { Outbox } from './outbox.ts'
import { loadPolicy } from './policy-file.ts'
import { StateFolder } from './state-folder.ts'

const DONE = { state: 'finished', snapshotId: 'a'.repeat(64), statistics: null, error: null } as const

let path: string
let folder: StateFolder

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'holdfast-agent-'))
  folder = await StateFolder.open(join(path, 'state'))
})
afterEach(() => rmSync(path, { recursive: true, force: true }))

describe('the state of an agent', () => {
  test('is readable for its user alone', async () => {
    await keepEnrolment(folder, 'https://server', { clientId: 1, clientName: 'desk', token: 'secret', pagePath: '/clients/1' })
    expect(await readEnrolment(folder)).toMatchObject({ serverUrl: 'https://server', token: 'secret' })
    expect(statSync(folder.path).mode & 0o777).toBe(0o700)
    expect(statSync(folder.pathOf('enrolment.json')).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder.path)).toEqual(['enrolment.json'])
  })

  test('is refused where others may write, or where something else is', async () => {
    chmodSync(folder.path, 0o777)
    await expect(StateFolder.open(folder.path)).rejects.toThrow('others than its user may write')
    chmodSync(folder.path, 0o700)
    writeFileSync(folder.pathOf('enrolment.json'), '{"serverUrl":1}')
    await expect(readEnrolment(folder)).rejects.toThrow('does not hold what an agent keeps there')
    writeFileSync(join(path, 'file'), '')
    await expect(StateFolder.open(join(path, 'file'))).rejects.toMatchObject({ code: 'state.invalid' })
  })

  test('is one agent’s at a time', () => {
    {
      using _lock = lockState(folder)
      expect(isLocked(folder)).toBe(true)
      expect(() => lockState(folder)).toThrow(`another agent works with it, process ${process.pid}`)
    }
    expect(isLocked(folder)).toBe(false)
  })
})

describe('ends of runs', () => {
  const told: string[] = []
  const link = {
    sendEvents: async () => ({ isCancelRequested: false, leaseMs: 1000 }),
    finish: async (runId: number, { state }: { readonly state: string }) => void told.push(`${runId} ${state}`),
  }
  const deliver = (outbox: Outbox, to: Partial<typeof link> = {}): Promise<void> =>
    outbox.deliver({ ...link, ...to }, { signal: new AbortController().signal, onRefused: (runId) => void told.push(`${runId} refused`) })
  beforeEach(() => void told.splice(0))

  test('are told once, also when the agent has died before', async () => {
    await new Outbox(folder).begin(7)
    const outbox = new Outbox(folder)
    await outbox.recover()
    await outbox.put({ runId: 8, outcome: DONE, log: [] })
    await deliver(outbox)
    await deliver(outbox)
    expect(told).toEqual(['7 error', '8 finished'])
    expect(readdirSync(folder.path)).toEqual([])
  })

  test('wait for a server that is away, and are dropped when it does not want them', async () => {
    const outbox = new Outbox(folder)
    await outbox.put({ runId: 9, outcome: DONE, log: [] })
    const away = (): Promise<never> => Promise.reject(new AgentError('link.unreachable', 'away'))
    await expect(deliver(outbox, { finish: away })).rejects.toThrow('away')
    expect(readdirSync(folder.path)).toEqual(['finished-9.json'])
    await deliver(outbox, { finish: () => Promise.reject(new AgentError('link.refused', 'unknown run')) })
    expect(told).toEqual(['9 refused'])
    expect(readdirSync(folder.path)).toEqual([])
  })
})

describe('the policy of a machine', () => {
  const load = (more: { readonly file?: string; readonly allowCommands?: boolean; readonly allowRestores?: boolean } = {}) =>
    loadPolicy({ state: folder, file: undefined, allowCommands: false, allowRestores: false, ...more })
  const write = (text: string): string => {
    const file = join(path, 'agent.yaml')
    writeFileSync(file, text, { mode: 0o600 })
    return file
  }

  test('lets servers do next to nothing unless it says so', async () => {
    expect(await load()).toMatchObject({ commands: { fromServer: 'deny' }, restorePaths: [], backupPaths: undefined, file: undefined })
    expect((await load()).neverBackupPaths).toContain(folder.path)
    expect(await load({ allowCommands: true, allowRestores: true })).toMatchObject({
      commands: { fromServer: 'allow' },
      restorePaths: undefined,
    })
  })

  test('counts more than how the agent was started', async () => {
    const file = write(
      'commands:\n  fromServer: listed\n  lines: [sync]\n  patterns: ["systemctl stop \\\\w+"]\npaths:\n  restore: [/srv]\n',
    )
    const policy = await load({ file, allowCommands: true, allowRestores: true })
    expect(policy).toMatchObject({ commands: { fromServer: 'listed', lines: ['sync'] }, restorePaths: ['/srv'], file })
    expect(policy.commands.patterns.map((pattern) => pattern.test('systemctl stop mail; rm -rf /'))).toEqual([false])
    expect(policy.neverRestorePaths).toContain(file)
  })

  test.each(['commands: 5', 'unknown: 1', 'commands:\n  patterns: ["("]', 'paths:\n  backup: [relative]', '\t: : :'])(
    'is refused as %j',
    async (text) => {
      await expect(load({ file: write(text) })).rejects.toMatchObject({ code: 'policy.invalid' })
    },
  )

  test('is refused when it is missing or others may change it', async () => {
    await expect(load({ file: join(path, 'none.yaml') })).rejects.toMatchObject({ code: 'policy.invalid' })
    const file = write('commands:\n  fromServer: allow\n')
    chmodSync(file, 0o666)
    await expect(load({ file })).rejects.toThrow('others than root and the agent’s user'.replace('’', "'"))
    expect(readFileSync(file, 'utf8')).toContain('allow')
  })
})
