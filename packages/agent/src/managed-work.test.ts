import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { byteStringOf } from '@holdfast/engine'
import { ManualClock } from '@holdfast/engine/testing'
import { planDefinitionSchema } from '@holdfast/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { managedBackup } from './managed-work.ts'
import type { BackupOrder } from './runner/execute-run.ts'
import { prepareBackup } from './runner/prepare-backup.ts'

const OPENED = { uploadId: 'a'.repeat(32), chunkerPolynomial: '3dea92648f6e83', parent: null }

let folder: string
let server: Server
let opened: number

/** Cannot serve an upload at first, and has lost every one that it serves. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-managed-work-'))
  for (let file = 0; file < 20; file++) writeFileSync(join(folder, `${file}`), `${file}`)
  opened = 0
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (request.url !== '/agent/v1/uploads') response.writeHead(404).end(JSON.stringify({ detail: 'Cannot find the upload' }))
      else if (opened++ % 3 < 2) response.writeHead(503).end(JSON.stringify({ detail: 'starting' }))
      else response.writeHead(200).end(JSON.stringify(OPENED))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true })
})

test('a backup that the server loses begins anew, counts anew, and says so once each time', async () => {
  const serverUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const work = managedBackup({ serverUrl, token: () => 'token', clock: new ManualClock(0), certificateAuthority: undefined })
  const lines: string[] = []
  const begun: string[] = []
  const definition = planDefinitionSchema.parse({ selection: { paths: [folder] }, schedule: { cron: null } })
  const order: BackupOrder = {
    ...{ kind: 'backup', runId: 7, planName: 'daily', repositoryId: 1, definition, leaseMs: 60_000 },
    ...{ hooks: { pre: [], post: [], onFailure: [] }, limits: { blackouts: [] } },
  }
  const ended = work(order, {
    plan: { ...prepareBackup(definition, { leftOut: [], onMissing: () => undefined }), targets: [byteStringOf(folder)] },
    signal: new AbortController().signal,
    limits: { blackouts: [] },
    progress: {},
    beginAnew: () => {
      begun.push(`${lines.length}`)
      return {}
    },
    log: (level, message) => void lines.push(`${level} ${message}`),
  })
  await expect(ended).rejects.toThrow('Cannot find the upload')
  const outage = [
    `warning Cannot use ${serverUrl}: starting; trying again`,
    'info The server answers again; the work goes on',
    'warning Cannot find the upload; the backup begins anew, and what has arrived is not sent again',
  ]
  expect(lines).toEqual([...outage, ...outage, ...outage.slice(0, 2)])
  expect(begun).toEqual(['3', '6'])
})
