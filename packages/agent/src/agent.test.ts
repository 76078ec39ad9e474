import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ManualClock } from '@holdfast/engine/testing'
import type { FinishRun } from '@holdfast/protocol'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Agent } from './agent.ts'
import { AgentLog } from './agent-log.ts'
import { StatusBoard } from './agent-status.ts'
import { AgentError } from './errors.ts'
import { ServerLink } from './link/server-link.ts'
import { type MachinePolicy, UNRESTRICTED } from './runner/machine-policy.ts'
import { keepEnrolment, readEnrolment, type StoredEnrolment } from './state/enrolment.ts'
import { Outbox } from './state/outbox.ts'
import { StateFolder } from './state/state-folder.ts'
import { TokenKeeper } from './state/token-keeper.ts'

const DETAIL = 'Cannot work for desk: the user ann, whom the client belongs to, is disabled'
const DONE: FinishRun = { state: 'finished', snapshotId: 'a'.repeat(64), statistics: null, error: null }

let path: string
let folder: StateFolder
let server: Server
let serverUrl: string
/** Tokens that the server lets in: the one in force, and the one that was offered and comes into force when it is used. */
let inForce: string
let offered: string | undefined
let offers: number
let isRotationWanted: boolean
let isDisabled: boolean
/** Answers a call in another way than the server would; undefined: as the server would. */
let intercept: (path: string, token: string, response: ServerResponse) => boolean
/** Path and token of the calls that were let in. */
let taken: string[]
let refusals: number
/** What the owner of the machine allows; fails like a file that cannot be used. */
let policy: () => Promise<MachinePolicy>
/** What the machine said of itself last. */
let told: { readonly policy?: unknown } | undefined

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'holdfast-agent-'))
  folder = await StateFolder.open(join(path, 'state'))
  inForce = 'token-0'
  offered = undefined
  offers = 0
  isRotationWanted = false
  isDisabled = false
  intercept = () => false
  taken = []
  refusals = 0
  policy = async () => UNRESTRICTED
  told = undefined
  server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  serverUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await keepEnrolment(folder, serverUrl, { clientId: 1, clientName: 'desk', token: inForce, pagePath: '/clients/1' })
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
  rmSync(path, { recursive: true, force: true })
})

test('a disabled agent says why it waits, asks no sooner than it shall, loses nothing, and goes on when it is enabled', async () => {
  isDisabled = true
  const outbox = new Outbox(folder)
  await outbox.put({ runId: 7, outcome: DONE, log: [] })
  await using agent = await start()
  await soon(() => expect(agent.board.current.problem).toBe(`Paused by ${serverUrl}: ${DETAIL}`))
  expect(agent.board.current.isReachable).toBe(true)
  await soon(() => expect(refusals).toBeGreaterThan(4))
  expect(agent.clock.sleptMs.filter((pauseMs) => pauseMs < 120_000)).toEqual([])
  isDisabled = false
  await soon(() => expect(taken).toContain('/agent/v1/runs/7/finish token-0'))
  await soon(() => expect(agent.board.current.problem).toBeNull())
})

test('a token is replaced when the server wants it, durable before it is used, and no call comes with the old one after that', async () => {
  isRotationWanted = true
  const atFirstUse = Promise.withResolvers<unknown>()
  intercept = (_, token) => {
    if (token === 'token-1' && inForce === 'token-0') {
      const file = folder.pathOf('enrolment.json')
      atFirstUse.resolve({ ...JSON.parse(readFileSync(file, 'utf8')), mode: statSync(file).mode & 0o777 })
    }
    return false
  }
  await using _agent = await start()
  expect(await atFirstUse.promise).toMatchObject({ token: 'token-1', previousToken: 'token-0', mode: 0o600 })
  await soon(async () => expect(await readEnrolment(folder)).toEqual(expect.not.objectContaining({ previousToken: 'token-0' })))
  const calls = taken.length
  await soon(() => expect(taken.length).toBeGreaterThan(calls + 10))
  const firstUse = taken.findIndex((call) => call.endsWith('token-1'))
  expect(taken[firstUse]).toBe('/agent/v1/ping token-1')
  expect(taken.slice(firstUse).filter((call) => !call.endsWith('token-1'))).toEqual([])
  expect([offers, refusals]).toEqual([1, 0])
})

test('an answer with a new token that is lost costs nothing', async () => {
  isRotationWanted = true
  let lost = 0
  intercept = (called, _, response) => {
    if (called !== '/agent/v1/token' || lost > 0) return false
    lost++
    offered = `lost-${lost}`
    response.destroy()
    return true
  }
  await using _agent = await start()
  await soon(() => expect(inForce).toBe('token-1'))
  expect([lost, refusals]).toEqual([1, 0])
})

test('an agent that dies with a new token that it may or may not have used comes back with either', async () => {
  for (const known of ['token-0', 'token-1']) {
    const enrolled = { clientId: 1, clientName: 'desk', token: 'token-0', pagePath: '/clients/1' }
    const tokens = new TokenKeeper(folder, await keepEnrolment(folder, serverUrl, enrolled))
    await tokens.replace('token-1')
    inForce = known
    offered = undefined
    await using agent = await start()
    await soon(() => expect(agent.board.current).toMatchObject({ isReachable: true, problem: null }))
    await soon(async () => expect(await readEnrolment(folder)).toMatchObject({ token: known }))
    await soon(async () => expect(Object.keys((await readEnrolment(folder)) ?? {})).not.toContain('previousToken'))
  }
})

test.each([
  ['one token', false],
  ['a token that was about to be replaced', true],
])(
  'an agent with %s that is refused takes up soon what the machine was enrolled with meanwhile, and loses none of it',
  async (_, isReplaced) => {
    if (isReplaced) await new TokenKeeper(folder, await keep('token-0')).replace('token-1')
    inForce = 'revoked'
    await using agent = await start()
    await soon(() => expect(refusals).toBeGreaterThan(20))
    const pauses = agent.clock.sleptMs.length
    // As another process does it.
    inForce = 'token-2'
    await keep('token-2')
    await soon(() => expect(agent.board.current).toMatchObject({ isReachable: true, problem: null }))
    await soon(() => expect(taken).toEqual(expect.arrayContaining(['/agent/v1/ping token-2', '/agent/v1/runs/claim token-2'])))
    expect(await readEnrolment(folder)).toMatchObject({ token: 'token-2' })
    expect(agent.clock.sleptMs.slice(0, pauses).filter((pauseMs) => pauseMs > 5000)).toEqual([])
  },
)

test('a token of another client or server is not shown to this one', async () => {
  await new TokenKeeper(folder, await keep('token-0')).replace('token-1')
  inForce = 'revoked'
  const shown = new Set<string>()
  intercept = (_, token) => {
    shown.add(token)
    return false
  }
  await using agent = await start()
  await soon(() => expect(refusals).toBeGreaterThan(2))
  const enrolled = { clientId: 1, clientName: 'desk', token: 'token-2', pagePath: '/clients/1' }
  await keepEnrolment(folder, 'http://127.0.0.1:1', enrolled)
  await soon(() => expect(agent.elsewhere).toBeGreaterThan(0))
  await keepEnrolment(folder, serverUrl, { ...enrolled, clientId: 2, token: 'token-3' })
  const before = agent.elsewhere
  await soon(() => expect(agent.elsewhere).toBeGreaterThan(before + 3))
  expect([...shown].toSorted()).toEqual(['token-0', 'token-1'])
  expect(await readEnrolment(folder)).toMatchObject({ clientId: 2, token: 'token-3' })
})

test('a server is told what the owner of the machine allows as it is now, and nothing while that cannot be known', async () => {
  await using _agent = await start()
  await soon(() => expect(told?.policy).toMatchObject({ commands: 'allow', restores: 'allow' }))
  policy = async () => ({ ...UNRESTRICTED, commands: { ...UNRESTRICTED.commands, fromServer: 'deny' }, restorePaths: [] })
  await soon(() => expect(told?.policy).toMatchObject({ commands: 'deny', restores: 'deny' }))
  policy = () => Promise.reject(new AgentError('policy.invalid', 'Cannot use the policy: others may write to it'))
  await soon(() => expect(told).toEqual(expect.not.objectContaining({ policy: expect.anything() })))
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const called = request.url ?? ''
  const sent = await text(request)
  if (called === '/agent/v1/ping') told = JSON.parse(sent)
  const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
  if (intercept(called, token, response)) return
  if (isDisabled) {
    refuse(response, { status: 403, code: 'client.disabled', detail: DETAIL })
    return
  }
  if (token === offered) {
    inForce = token
    offered = undefined
    isRotationWanted = false
  }
  if (token !== inForce) {
    refuse(response, { status: 401, code: 'auth.required', detail: 'unknown' })
    return
  }
  taken.push(`${called} ${token}`)
  const isFinish = called.endsWith('/finish')
  const body = answerTo(called)
  response.writeHead(isFinish || called.endsWith('/logs') ? 204 : 200).end(body)
}

function answerTo(called: string): string {
  if (called === '/agent/v1/token') {
    offered = `token-${++offers}`
    return JSON.stringify({ token: offered })
  }
  if (called !== '/agent/v1/ping') return JSON.stringify({ order: null, question: null })
  const hooks = { pre: [], post: [], onFailure: [] }
  return JSON.stringify({ now: new Date(0).toISOString(), hasWork: false, hooks, limits: { blackouts: [] }, rotateToken: isRotationWanted })
}

function refuse(response: ServerResponse, problem: { readonly status: number; readonly code: string; readonly detail: string }): void {
  refusals++
  response.writeHead(problem.status, { 'retry-after': '120' })
  response.end(JSON.stringify({ type: 'x', title: 'Refused', ...problem }))
}

function keep(token: string): Promise<StoredEnrolment> {
  return keepEnrolment(folder, serverUrl, { clientId: 1, clientName: 'desk', token, pagePath: '/clients/1' })
}

interface Started extends AsyncDisposable {
  readonly board: StatusBoard
  readonly clock: ManualClock
  /** How often it was seen that the machine belongs elsewhere now. */
  readonly elsewhere: number
}

async function start(): Promise<Started> {
  const clock = new ManualClock(0)
  const board = await StatusBoard.open(folder)
  const enrolment = await readEnrolment(folder)
  if (enrolment === undefined) throw new Error('the machine is not in')
  let elsewhere = 0
  const tokens = new TokenKeeper(folder, enrolment, { onElsewhere: () => elsewhere++ })
  const link = new ServerLink({ serverUrl, token: () => tokens.current, clock })
  const never = () => Promise.reject(new Error('there is nothing to carry out'))
  const agent = new Agent({
    ...{ link, clock, board, tokens, outbox: new Outbox(folder), version: '1', pingIntervalMs: 30_000 },
    log: new AgentLog(clock, () => undefined),
    policy: () => policy(),
    work: { backup: never, restore: never, environment: {}, localCommands: [] },
  })
  const stopping = new AbortController()
  const running = agent.run(stopping.signal)
  return {
    ...{ board, clock },
    get elsewhere() {
      return elsewhere
    },
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await running
      link[Symbol.dispose]()
    },
  }
}

/** On a machine that has other things to do, one second is not always enough. */
function soon(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 20_000 })
}
