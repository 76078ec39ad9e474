import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '@holdfast/engine/testing'
import type { FinishRun } from '@holdfast/protocol'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Agent } from './agent.ts'
import { AgentLog } from './agent-log.ts'
import { StatusBoard } from './agent-status.ts'
import { ServerLink } from './link/server-link.ts'
import { UNRESTRICTED } from './runner/machine-policy.ts'
import { Outbox } from './state/outbox.ts'
import { StateFolder } from './state/state-folder.ts'

const DETAIL = 'Cannot work for desk: the user ann, whom the client belongs to, is disabled'
const DONE: FinishRun = { state: 'finished', snapshotId: 'a'.repeat(64), statistics: null, error: null }

let path: string
let server: Server
let isDisabled: boolean
/** Paths that were asked for, and let in. */
let taken: string[]
let refusals: number

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'holdfast-agent-'))
  isDisabled = true
  taken = []
  refusals = 0
  server = createServer((request, response) => {
    request.resume()
    if (isDisabled) {
      refusals++
      response.writeHead(403, { 'retry-after': '120' })
      response.end(JSON.stringify({ type: 'x', title: 'Forbidden', status: 403, detail: DETAIL, code: 'client.disabled' }))
      return
    }
    taken.push(request.url ?? '')
    const pong = { now: new Date(0).toISOString(), hasWork: false, hooks: { pre: [], post: [], onFailure: [] }, limits: { blackouts: [] } }
    response.writeHead(request.url?.endsWith('/finish') === true ? 204 : 200)
    response.end(request.url === '/agent/v1/ping' ? JSON.stringify(pong) : JSON.stringify({ order: null, question: null }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
  rmSync(path, { recursive: true, force: true })
})

test('a disabled agent says why it waits, asks no sooner than it shall, loses nothing, and goes on when it is enabled', async () => {
  const clock = new ManualClock(0)
  const folder = await StateFolder.open(join(path, 'state'))
  const outbox = new Outbox(folder)
  await outbox.put({ runId: 7, outcome: DONE, log: [] })
  const board = await StatusBoard.open(folder)
  const { port } = server.address() as AddressInfo
  using link = new ServerLink({ serverUrl: `http://127.0.0.1:${port}`, token: () => 'token', clock })
  const never = () => Promise.reject(new Error('there is nothing to carry out'))
  const agent = new Agent({
    ...{ link, clock, board, outbox, version: '1', pingIntervalMs: 30_000 },
    log: new AgentLog(clock, () => undefined),
    policy: async () => UNRESTRICTED,
    work: { backup: never, restore: never, environment: {}, localCommands: [] },
  })
  const stopping = new AbortController()
  const running = agent.run(stopping.signal)
  await vi.waitFor(() => expect(board.current.problem).toBe(`Paused by http://127.0.0.1:${port}: ${DETAIL}`))
  expect(board.current.isReachable).toBe(true)
  await vi.waitFor(() => expect(refusals).toBeGreaterThan(4))
  expect(clock.sleptMs.filter((pauseMs) => pauseMs < 120_000)).toEqual([])
  isDisabled = false
  await vi.waitFor(() => expect(taken).toContain('/agent/v1/runs/7/finish'))
  await vi.waitFor(() => expect(board.current.problem).toBeNull())
  stopping.abort()
  await running
})
