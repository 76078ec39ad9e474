import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@holdfast/engine'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { runAgent } from './run-agent.ts'
import { readAgentSettings } from './settings.ts'
import { keepEnrolment } from './state/enrolment.ts'
import { StateFolder } from './state/state-folder.ts'

let path: string
let servers: Server[]

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'holdfast-run-agent-'))
  servers = []
})
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  rmSync(path, { recursive: true, force: true })
})

test('an agent that is not let in any more goes where the machine was enrolled meanwhile', async () => {
  const [first, second] = [await startServer(() => false), await startServer((token) => token === 'token-b')]
  const folder = await StateFolder.open(path)
  const enrolled = { clientId: 1, clientName: 'desk', token: 'token-a', pagePath: '/clients/1' }
  await keepEnrolment(folder, first.url, enrolled)
  const lines: string[] = []
  const stopping = new AbortController()
  const running = runAgent({
    ...{ settings: readAgentSettings({ stateFolder: path, pageEnabled: 'false' }), version: '1', clock: systemClock },
    ...{ signal: stopping.signal, environment: {} },
    print: (_level, message) => void lines.push(message),
  })
  await vi.waitFor(() => expect(first.tokens.size).toBe(1), { timeout: 20_000 })
  await keepEnrolment(folder, second.url, { ...enrolled, clientId: 5, clientName: 'lap', token: 'token-b', pagePath: '/clients/5' })
  await vi.waitFor(() => expect(second.tokens.size).toBe(1), { timeout: 20_000 })
  stopping.abort()
  await running
  expect([...first.tokens, ...second.tokens]).toEqual(['token-a', 'token-b'])
  expect(lines.filter((line) => line.startsWith('This machine is'))).toEqual([
    `This machine is desk at ${first.url}/clients/1`,
    `This machine is lap at ${second.url}/clients/5`,
  ])
})

/** Hears the tokens that it is shown, and lets in whom it knows. */
async function startServer(knows: (token: string) => boolean): Promise<{ readonly url: string; readonly tokens: ReadonlySet<string> }> {
  const tokens = new Set<string>()
  const server = createServer((request, response) => {
    const token = request.headers.authorization?.replace('Bearer ', '') ?? ''
    tokens.add(token)
    request.resume().on('end', () => response.writeHead(knows(token) ? 503 : 401).end())
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tokens }
}
