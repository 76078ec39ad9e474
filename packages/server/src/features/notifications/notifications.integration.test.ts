import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ManualClock } from '@holdfast/engine/testing'
import type { User } from '@holdfast/protocol'
import { sql } from 'kysely'
import { SMTPServer } from 'smtp-server'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addRepositoryRow, samplePlan } from '../../testing/sample-plans.ts'
import { allDatabases, TestServer } from '../../testing/test-server.ts'
import { SERVER_ORIGIN } from '../audit/audit.ts'
import { webhookSignature } from './channels/webhook.ts'
import type { Message } from './message.ts'

const FAILED: Message = {
  event: 'run.failed',
  title: 'The backup of “mail” failed',
  body: 'Cannot read /home: it is gone',
  at: 1_800_000_000_000,
  link: '/runs/7',
  isGood: false,
  facts: { runId: 7 },
}

interface Received {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A server that takes whatever it is sent, or answers with a failure. */
class Receiver {
  readonly received: Received[] = []
  status = 200
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(): Promise<Receiver> {
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const piece of request) body += String(piece)
      receiver.received.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body })
      response.writeHead(receiver.status).end('an answer that nobody reads')
    })
    const receiver = new Receiver(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

for (const databases of allDatabases()) {
  describe(`notifications on ${databases.name}`, () => {
    let server: TestServer
    let receiver: Receiver
    let clock: ManualClock
    beforeEach(async () => {
      clock = new ManualClock(FAILED.at)
      receiver = await Receiver.start()
      server = await TestServer.start({ databaseUrl: await databases.create(), clock })
      await server.addUser('root', 'admin')
    })
    afterEach(async () => {
      receiver.stop()
      await server[Symbol.asyncDispose]()
    })
    afterAll(() => databases.stop())

    async function addChannel(body: Readonly<Record<string, unknown>>, as = 'root'): Promise<number> {
      const answer = await server.request('POST /api/v1/channels', { as, body: { name: 'phone', events: ['run.failed'], ...body } })
      expect(answer.statusCode, answer.body).toBe(201)
      return answer.json().id as number
    }

    it('reach a webhook, signed, and secrets are never given back', async () => {
      const secret = 'a secret of the webhook'
      const id = await addChannel({ config: { kind: 'webhook', url: `${receiver.url}/hook`, secret } })
      await server.services.notifier.tell(FAILED, null)
      await server.services.notifier.deliver()
      expect(receiver.received).toHaveLength(1)
      const [first] = receiver.received
      if (first === undefined) expect.fail('nothing was received')
      const { headers, body } = first
      expect(JSON.parse(body)).toMatchObject({ event: 'run.failed', facts: { runId: 7 } })
      expect(headers['x-holdfast-signature']).toBe(webhookSignature(secret, { seconds: FAILED.at / 1000, body }))
      const list = await server.request('GET /api/v1/channels', { as: 'root' })
      expect(list.body).not.toContain(secret)
      expect(list.json()[0]).toMatchObject({ id, kind: 'webhook', lastError: null, lastSentAt: new Date(FAILED.at).toISOString() })
      const rows = await server.database.queries.selectFrom('channels').selectAll().execute()
      expect(JSON.stringify(rows)).not.toContain(secret)
    })

    it('go on with their secrets when a channel is changed without naming them', async () => {
      const secret = 'a secret of the webhook'
      const hook = { kind: 'webhook', url: `${receiver.url}/old` }
      const id = await addChannel({ config: { ...hook, secret } })
      const change = (config: object) =>
        server.request(`PUT /api/v1/channels/${id}`, { as: 'root', body: { name: 'phone', events: ['run.failed'], config } })
      expect((await change({ ...hook, url: `${receiver.url}/new` })).statusCode).toBe(200)
      await server.request(`POST /api/v1/channels/${id}/test`, { as: 'root' })
      const [sent] = receiver.received
      if (sent === undefined) expect.fail('nothing was received')
      expect(sent.url).toBe('/new')
      expect(sent.headers['x-holdfast-signature']).toBe(webhookSignature(secret, { seconds: FAILED.at / 1000, body: sent.body }))
      expect((await change({ kind: 'ntfy', url: receiver.url, token: 'of ntfy' })).statusCode).toBe(200)
      expect((await change({ kind: 'ntfy', url: receiver.url, token: '' })).statusCode).toBe(200)
      await server.request(`POST /api/v1/channels/${id}/test`, { as: 'root' })
      expect(receiver.received.at(-1)?.headers.authorization).toBeUndefined()
      expect((await change(hook)).json()).toMatchObject({
        code: 'request.invalid',
        detail: expect.stringContaining('a secret of at least 16'),
      })
    })

    it('reach a mailbox, ntfy and a check service', async () => {
      const mails: string[] = []
      const smtp = new SMTPServer({
        disabledCommands: ['STARTTLS'],
        authOptional: true,
        onData: (stream, _session, done) => {
          let text = ''
          stream.on('data', (piece: Buffer) => {
            text += piece.toString()
          })
          stream.on('end', () => {
            mails.push(text)
            done()
          })
        },
      })
      await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
      const { port } = smtp.server.address() as AddressInfo
      const mail = { kind: 'mail', host: '127.0.0.1', port, security: 'none', from: 'holdfast@example.org', to: ['ann@example.org'] }
      await addChannel({ config: mail })
      await addChannel({ config: { kind: 'ntfy', url: `${receiver.url}/backups`, token: 'tk_1' } })
      await addChannel({ config: { kind: 'ping', url: `${receiver.url}/check` } })
      await server.services.notifier.tell(FAILED, null)
      await server.services.notifier.tell({ ...FAILED, event: 'run.finished', isGood: true }, null)
      await server.services.notifier.deliver()
      await new Promise<void>((resolve) => smtp.close(() => resolve()))
      expect(mails).toHaveLength(1)
      expect(mails[0]).toMatch(/^Subject: .*Holdfast/m)
      expect(mails[0]).toContain('Cannot read /home: it is gone')
      expect(receiver.received.map(({ method, url }) => `${method} ${url}`).sort()).toEqual([
        'GET /check',
        'GET /check/fail',
        'POST /backups',
      ])
      expect(receiver.received.find(({ url }) => url === '/backups')?.headers.authorization).toBe('Bearer tk_1')
    })

    it('are tried again, ever more slowly, and given up in the end', async () => {
      const id = await addChannel({ config: { kind: 'ntfy', url: `${receiver.url}/backups` } })
      receiver.status = 500
      await server.services.notifier.tell(FAILED, null)
      await server.services.notifier.deliver()
      await server.services.notifier.deliver()
      expect(receiver.received).toHaveLength(1)
      const list = await server.request('GET /api/v1/channels', { as: 'root' })
      expect(list.json()[0].lastError).toMatch(/answered 500/)
      clock.advance(31_000)
      await server.services.notifier.deliver()
      expect(receiver.received).toHaveLength(2)
      for (let hour = 0; hour < 30; hour++) {
        clock.advance(3_700_000)
        await server.services.notifier.deliver()
      }
      expect(receiver.received).toHaveLength(12)
      receiver.status = 200
      // The first one's session has ended meanwhile.
      await server.addUser('later', 'admin')
      const tested = await server.request(`POST /api/v1/channels/${id}/test`, { as: 'later' })
      expect(tested.json()).toEqual({ isDelivered: true, detail: 'The message was taken.' })
    })

    it('for a channel that cannot be reached keep no other waiting, however many there are, and end', async () => {
      const gone = await Receiver.start()
      await addChannel({ config: { kind: 'ntfy', url: `${gone.url}/gone` } })
      gone.status = 500
      for (let count = 0; count < 50; count++) await server.services.notifier.tell(FAILED, null)
      await addChannel({ config: { kind: 'ntfy', url: `${receiver.url}/here` } })
      await server.services.notifier.tell(FAILED, null)
      await server.services.notifier.deliver()
      expect(receiver.received).toHaveLength(1)
      expect(gone.received).toHaveLength(20)
      for (let hour = 0; hour < 40; hour++) {
        clock.advance(3_700_000)
        await server.services.notifier.deliver()
      }
      expect(await server.database.queries.selectFrom('deliveries').select('id').execute()).toEqual([])
      gone.stop()
    })

    it('tell of an alarm once, and of its end once', async () => {
      await addChannel({ events: ['run.failed', 'run.recovered'], config: { kind: 'ntfy', url: receiver.url } })
      const good: Message = { ...FAILED, event: 'run.recovered', isGood: true }
      await server.services.notifier.recover('plan 1', good, null)
      for (let round = 0; round < 3; round++) await server.services.notifier.raise('plan 1', FAILED, null)
      for (let round = 0; round < 3; round++) await server.services.notifier.recover('plan 1', good, null)
      await server.services.notifier.deliver()
      expect(receiver.received.map(({ headers }) => headers.tags).sort()).toEqual(['warning', 'white_check_mark'])
    })

    it('go to those whom it concerns', async () => {
      const ann = await server.addUser('ann', 'operator')
      await server.addUser('bob', 'operator')
      const config = (path: string) => ({ kind: 'ntfy', url: `${receiver.url}/${path}` })
      const id = await addChannel({ config: config('ann') }, 'ann')
      await addChannel({ config: config('bob') }, 'bob')
      await addChannel({ config: config('root') })
      await server.services.notifier.tell(FAILED, ann)
      await server.services.notifier.deliver()
      expect(receiver.received.map(({ url }) => url).sort()).toEqual(['/ann', '/root'])
      expect((await server.request(`DELETE /api/v1/channels/${id}`, { as: 'bob' })).statusCode).toBe(404)
      expect((await server.request('GET /api/v1/channels', { as: 'bob' })).json()).toHaveLength(1)
    })

    it('sum up each day, at the hour of the zone', async () => {
      const summary = { every: 'day', hour: 7, timeZone: 'Europe/Berlin' }
      await addChannel({ events: ['summary'], summary, config: { kind: 'ntfy', url: receiver.url } })
      await server.services.notifier.deliver()
      expect(receiver.received).toHaveLength(0)
      clock.advance(86_400_000)
      await server.services.notifier.deliver()
      await server.services.notifier.deliver()
      expect(receiver.received.map(({ body }) => body)).toEqual([expect.stringContaining('There are no clients yet.')])
    })

    it('are not lost with an alarm: it is raised and ended together with what is told of it', async () => {
      await addChannel({ events: ['run.failed', 'run.recovered'], config: { kind: 'ntfy', url: receiver.url } })
      const { notifier } = server.services
      const good: Message = { ...FAILED, event: 'run.recovered', isGood: true }
      /** As if the process had ended before anything was queued. */
      const withoutQueue = async (action: () => Promise<void>): Promise<void> => {
        await sql`alter table deliveries rename to away`.execute(server.database.queries)
        await action()
        await sql`alter table away rename to deliveries`.execute(server.database.queries)
      }
      await withoutQueue(() => notifier.raise('plan 1', FAILED, null))
      await notifier.raise('plan 1', FAILED, null)
      await withoutQueue(() => notifier.recover('plan 1', good, null))
      await notifier.recover('plan 1', good, null)
      await notifier.deliver()
      expect(receiver.received.map(({ headers }) => headers.tags)).toEqual(['warning', 'white_check_mark'])
    })

    it('tell plans, clients and repositories of the same number apart', async () => {
      const root = (await server.request('GET /api/v1/me', { as: 'root' })).json<User>().id
      const { services } = server
      await addChannel({ events: ['run.failed', 'run.recovered'], config: { kind: 'ntfy', url: receiver.url } })
      await addRepositoryRow(server.database)
      const client = await services.clients.createFor(root, { name: 'desk', settings: undefined }, SERVER_ORIGIN)
      const plan = await services.plans.createFor(client.id, { plan: samplePlan(), origin: SERVER_ORIGIN })
      expect(plan.id).toBe(client.id)
      const end = async (planId: number | undefined, state: 'finished' | 'error'): Promise<void> => {
        const run = await services.runs.begin({
          kind: 'backup',
          trigger: 'manual',
          clientId: client.id,
          ...(planId === undefined ? {} : { planId }),
        })
        await run.finish({ state, snapshotId: null, statistics: null, error: null })
      }
      const tags = async (): Promise<unknown[]> => {
        await services.notifier.deliver()
        return receiver.received.map(({ headers }) => headers.tags)
      }
      await end(plan.id, 'error')
      await expect.poll(tags).toEqual(['warning'])
      await end(undefined, 'error')
      await expect.poll(tags).toEqual(['warning', 'warning'])
      await end(undefined, 'finished')
      await expect.poll(tags).toEqual(['warning', 'warning', 'white_check_mark'])
    })

    it('end for a user who is disabled, and for a channel, whatever was to be told', async () => {
      const ann = await server.addUser('ann', 'admin')
      const summary = { every: 'day', hour: 7, timeZone: 'UTC' }
      const config = (path: string) => ({ kind: 'ntfy', url: `${receiver.url}/${path}` })
      await addChannel({ summary, config: config('ann') }, 'ann')
      const id = await addChannel({ summary, config: config('off') })
      receiver.status = 500
      await server.services.notifier.tell(FAILED, null)
      await server.services.notifier.deliver()
      expect(receiver.received).toHaveLength(2)
      await server.request(`PATCH /api/v1/users/${ann}`, { as: 'root', body: { isDisabled: true } })
      const off = { name: 'phone', events: ['run.failed'], isEnabled: false, summary, config: config('off') }
      expect((await server.request(`PUT /api/v1/channels/${id}`, { as: 'root', body: off })).statusCode).toBe(200)
      clock.advance(86_400_000)
      await server.services.notifier.deliver()
      expect(receiver.received).toHaveLength(2)
      expect(await server.database.queries.selectFrom('deliveries').selectAll().execute()).toEqual([])
    })

    it('go on where a summary cannot be made', async () => {
      const summary = { every: 'day', hour: 7, timeZone: 'UTC' }
      await addChannel({ summary, config: { kind: 'ntfy', url: `${receiver.url}/broken` } })
      await server.database.queries.updateTable('channels').set({ summary: '{' }).execute()
      await addChannel({ config: { kind: 'ntfy', url: `${receiver.url}/sound` } })
      clock.advance(86_400_000)
      await server.services.notifier.tell(FAILED, null)
      await server.services.notifier.deliver()
      expect(receiver.received.map(({ url }) => url).sort()).toEqual(['/broken', '/sound'])
    })

    it('take no password in an address, which is shown and told', async () => {
      const { host } = new URL(receiver.url)
      for (const url of [`http://ann:very-secret@${host}/`, `http:\\\\ann@${host}/`, `http:ann:very-secret@${host}`]) {
        const config = { kind: 'ntfy', url }
        const answer = await server.request('POST /api/v1/channels', {
          as: 'root',
          body: { name: 'phone', events: ['run.failed'], config },
        })
        expect([url, answer.statusCode]).toEqual([url, 422])
        expect(answer.body).not.toContain('very-secret')
      }
      await addChannel({ config: { kind: 'ntfy', url: `${receiver.url}/@ann?to=bob@example.org` } })
    })

    it('never fail what they tell of', async () => {
      await server.database.close()
      await expect(server.services.notifier.tell(FAILED, null)).resolves.toBeUndefined()
    })
  })
}
