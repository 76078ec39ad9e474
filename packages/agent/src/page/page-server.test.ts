import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { StoredEnrolment } from '../state/enrolment.ts'
import { type PageModel, PageServer } from './page-server.ts'

const STATUS = { isReachable: true, heardAt: '2026-01-01T00:00:00.000Z', problem: null, currentRun: null, lastRun: null }
const FORM = { serverUrl: 'http://server', username: 'ann', password: 'secret of ann', clientName: 'desk', paths: '/home\n/etc' }

let page: PageServer
let codes: string[]
let now: number
let enrolment: StoredEnrolment | undefined
let registered: Parameters<PageModel['register']>[0][]

beforeEach(async () => {
  codes = []
  now = 0
  enrolment = undefined
  registered = []
  page = await PageServer.listen({
    host: '127.0.0.1',
    port: 0,
    now: () => now,
    onCode: (code) => codes.push(code),
    model: {
      enrolment: () => enrolment,
      status: () => STATUS,
      suggestion: { serverUrl: '', username: '', clientName: 'a "machine" <b>', paths: '' },
      register: async (form) => {
        if (form.password === 'wrong') throw new Error('Not let in: <script>')
        registered.push(form)
        enrolment = { serverUrl: form.serverUrl, clientId: 1, clientName: form.clientName, pagePath: '/clients/1', token: 'secret token' }
      },
    },
  })
})
afterEach(() => page[Symbol.asyncDispose]())

async function send(path: string, fields?: Readonly<Record<string, string>>, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(new URL(path, page.url), {
    redirect: 'manual',
    headers,
    ...(fields === undefined ? {} : { method: 'POST', body: new URLSearchParams(fields) }),
  })
}

/** Lets a browser in; gives its cookie, and what its form proves itself by. */
async function open(): Promise<{ readonly cookie: string; readonly proof: string }> {
  const opened = await send('/open', { code: codes.at(-1) ?? '' })
  const cookie = opened.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const [, proof = ''] = /name="proof" value="([^"]+)"/.exec(await (await send('/', undefined, { cookie })).text()) ?? []
  return { cookie, proof }
}

describe('the page of an agent', () => {
  test('shows nothing without its code, which counts once', async () => {
    expect(await (await send('/')).text()).toContain('printed a code')
    const [code = ''] = codes
    expect((await send('/open', { code: 'FFFFFFFFFF' })).status).toBe(403)
    const opened = await send('/open', { code: code.toLowerCase() })
    expect([opened.status, opened.headers.get('set-cookie')]).toEqual([303, expect.stringContaining('HttpOnly; SameSite=Strict')])
    expect((await send('/open', { code })).status).toBe(403)
    expect(codes).toHaveLength(2)
  })

  test('brings the machine in, and then says where it belongs', async () => {
    const { cookie, proof } = await open()
    expect((await send('/register', { ...FORM, proof }, { cookie })).status).toBe(303)
    expect(registered).toEqual([{ ...FORM, code: undefined }])
    const status = await (await send('/', undefined, { cookie })).text()
    expect(status).toContain('href="http://server/clients/1"')
    expect(status).not.toContain('secret')
    // What is in already is not brought in again.
    await send('/register', { ...FORM, proof, clientName: 'other' }, { cookie })
    expect(registered).toHaveLength(1)
  })

  test('says what is wrong, keeps what was typed, and never the password', async () => {
    const { cookie, proof } = await open()
    const refused = await send('/register', { ...FORM, password: 'wrong', clientName: `"><img src=x>`, proof }, { cookie })
    const text = await refused.text()
    expect(refused.status).toBe(422)
    expect(text).toContain('Not let in: &lt;script&gt;')
    expect(text).toContain('value="&quot;&gt;&lt;img src=x&gt;"')
    expect(text).not.toContain('wrong')
  })

  test('speaks the language of the browser, and is the same page in it', async () => {
    const japanese = { 'accept-language': 'ja-JP,ja;q=0.9,en;q=0.8' }
    const text = await (await send('/', undefined, japanese)).text()
    expect(text).toContain('<html lang="ja">')
    expect(text).toContain('コードを端末またはログに表示しています')
    expect(await (await send('/open', { code: 'FFFFFFFFFF' }, japanese)).text()).toContain('コードが違います')
    expect(await (await send('/other', undefined, japanese)).text()).toContain('ここには何もありません')
    expect(await (await send('/')).text()).toContain('<html lang="en">')
  })

  test('keeps its state live by a script of its own, and lets no other run', async () => {
    const { cookie, proof } = await open()
    await send('/register', { ...FORM, clientName: 'nonce="NONCE"', proof }, { cookie })
    const answer = await send('/', undefined, { cookie })
    const policy = answer.headers.get('content-security-policy') ?? ''
    const [, nonce = ''] = /script-src 'nonce-([^']+)'/.exec(policy) ?? []
    const text = await answer.text()
    expect(policy).toContain("connect-src 'self'")
    expect(nonce).toHaveLength(16)
    expect(text.split(`nonce="${nonce}"`)).toHaveLength(3)
    expect(text).toContain('nonce=&quot;NONCE&quot; is protected')
    expect(text).not.toMatch(/<(script|style)>/)
  })

  test('takes no form that another site sends', async () => {
    const { cookie } = await open()
    expect((await send('/register', { ...FORM, proof: '' }, { cookie })).status).toBe(403)
    expect((await send('/register', FORM)).status).toBe(403)
    expect(registered).toEqual([])
  })

  test('is not reached by a name that leads here from outside', async () => {
    const { port } = new URL(page.url)
    const { request } = await import('node:http')
    const status = await new Promise((resolve) => {
      request({ port, host: '127.0.0.1', headers: { host: 'evil.example' } }, (response) => resolve(response.statusCode)).end()
    })
    expect(status).toBe(403)
  })

  test('lets nobody guess', async () => {
    for (let attempt = 0; attempt < 10; attempt++) expect((await send('/open', { code: `${attempt}` })).status).toBe(403)
    expect((await send('/open', { code: codes[0] ?? '' })).status).toBe(429)
    now += 61_000
    expect((await send('/open', { code: codes[0] ?? '' })).status).toBe(303)
  })

  test('has an icon, which needs no code', async () => {
    expect(await (await send('/')).text()).toContain('<link rel="icon" href="/icon.svg"')
    for (const path of ['/icon.svg', '/favicon.ico']) {
      const answer = await send(path)
      expect([answer.status, answer.headers.get('content-type')], path).toEqual([200, 'image/svg+xml'])
      expect(await answer.text()).toMatch(/^<svg xmlns="[^"]+".*<\/svg>$/s)
    }
    expect((await send('/')).headers.get('content-security-policy')).toContain("img-src 'self'")
    expect((await send('/favicon.ico', { code: '' })).status).toBe(404)
  })

  test.each(['/', '/icon.svg', '/other'])('keeps browsers strict at %s', async (path) => {
    const { headers } = await send(path)
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-security-policy': expect.stringMatching(/^default-src 'none'/) as string,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
  })

  test('bears what is too long, and what it does not have', async () => {
    expect((await send('/open', { code: 'x'.repeat(300_000) })).status).toBe(413)
    expect((await send('/other')).status).toBe(404)
    expect((await send('/')).headers.get('content-security-policy')).toMatch(/^default-src 'none'.*style-src 'nonce-[\w+/=]+'$/)
  })
})
