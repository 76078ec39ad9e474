import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ManualClock } from '@holdfast/engine/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { callPatiently, HttpUploadLink } from './upload-link.ts'

let server: Server
let link: HttpUploadLink
/** What the server says next, and again and again when it is the last. */
let answers: { readonly status: number; readonly code?: string }[]

beforeEach(async () => {
  answers = []
  server = createServer((request, response) => {
    const { status, code } = (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 200 }
    request.resume().on('end', () => {
      response.writeHead(status).end(status === 200 ? 'done' : JSON.stringify({ status, detail: 'the reason', ...(code && { code }) }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const serverUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  link = new HttpUploadLink({ serverUrl, token: () => 'token', clock: new ManualClock(0) })
})
afterEach(() => {
  link[Symbol.dispose]()
  server.closeAllConnections()
  server.close()
})

test.each([
  { status: 422, code: 'repository.missing', becomes: 'repository.missing' },
  { status: 422, code: 'repository.password', becomes: 'repository.password' },
  { status: 422, code: 'storage.denied', becomes: 'storage.denied' },
  { status: 507, code: 'storage.full', becomes: 'storage.full' },
  { status: 409, code: 'repository.locked', becomes: 'repository.locked' },
  { status: 503, code: 'server.unavailable', becomes: 'storage.unavailable' },
  { status: 502, becomes: 'storage.unavailable' },
  { status: 413, code: 'quota.exceeded', becomes: 'run.over-quota' },
  { status: 401, code: 'auth.required', becomes: 'link.unauthorised' },
  { status: 403, code: 'client.disabled', becomes: 'link.disabled' },
  { status: 404, code: 'not-found', becomes: 'link.refused' },
  { status: 422, code: 'request.invalid', becomes: 'link.refused' },
  { status: 400, becomes: 'link.refused' },
  // Nobody has cancelled anything here, and nobody has invented such codes.
  { status: 503, code: 'operation.cancelled', becomes: 'storage.unavailable' },
  { status: 422, code: 'toString', becomes: 'link.refused' },
])('a server that answers $status $code makes a run end with $becomes', async ({ status, code, becomes }) => {
  answers = [{ status, ...(code === undefined ? {} : { code }) }]
  const call = callPatiently(link, { method: 'POST', path: '/agent/v1/uploads', body: {} }, {})
  await expect(call).rejects.toMatchObject({ code: becomes, message: expect.stringContaining('the reason') })
})

test('an upload that the server does not know any more is lost, which is no end of the run', async () => {
  answers = [{ status: 404, code: 'not-found' }]
  const call = callPatiently(link, { method: 'POST', path: '/agent/v1/uploads/0123/ids', body: {} }, {})
  await expect(call).rejects.toMatchObject({ name: 'UploadLostError' })
})
