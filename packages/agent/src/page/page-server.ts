import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { messageOf, secureRandom } from '@holdfast/engine'
import type { AgentStatus } from '../agent-status.ts'
import { AgentError } from '../errors.ts'
import type { StoredEnrolment } from '../state/enrolment.ts'
import { type Html, html } from './html.ts'
import { ICON } from './icon.ts'
import { languageOf } from './language.ts'
import { messagesIn, type PageMessages } from './messages.ts'
import { codeView, type FormValues, formView, noticeView, statusView } from './views.ts'

const BODY_BYTES_MAX = 256 * 1024
const REQUEST_TIMEOUT_MS = 30_000
const CONNECTIONS_MAX = 50
/** A code has 40 bits; whoever guesses has as many attempts a minute as somebody who mistypes. */
const CODE_BYTES = 5
const ATTEMPTS_MAX = 10
const ATTEMPTS_WITHIN_MS = 60_000
const CONTENT_POLICY = "default-src 'none'; connect-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
const STRICT_HEADERS = {
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}
const COOKIE = 'holdfast_agent'
/** Browsers that are let in at once. */
const SESSIONS_MAX = 20

/** Where nonces go: once in the style, and once in the script of pages that have one. */
const NONCE_PLACE = 'nonce="NONCE"'

/** The page's view of the agent. */
export interface PageModel {
  enrolment(): StoredEnrolment | undefined
  status(): AgentStatus
  /** What the form shows at first. */
  readonly suggestion: FormValues
  /** Brings the machine in. @throws {Error} whose message says why it cannot. */
  register(form: FormValues & { readonly password: string; readonly code: string | undefined }): Promise<void>
}

export interface PageOptions {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  readonly model: PageModel
  /** Told of the code that lets the next browser in. */
  onCode(code: string): void
  /** In milliseconds since 1970. */
  now(): number
}

/** The agent's own page: a form that brings the machine in, and its state afterwards. Whoever opens it shows a code, which counts once. */
export class PageServer implements AsyncDisposable {
  readonly #options: PageOptions
  readonly #server: Server
  readonly #sessions: string[] = []
  #attempts: number[] = []
  #code = ''

  private constructor(options: PageOptions) {
    this.#options = options
    this.#server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
    })
    this.#server.maxConnections = CONNECTIONS_MAX
  }

  /** @throws {AgentError} `page.failed` when it cannot listen. */
  static async listen(options: PageOptions): Promise<PageServer> {
    const page = new PageServer(options)
    const { host, port } = options
    try {
      await new Promise<void>((resolve, reject) => {
        page.#server.once('error', reject)
        page.#server.listen({ host, port }, resolve)
      })
    } catch (cause) {
      throw new AgentError(
        'page.failed',
        `Cannot show the page of the agent on ${host}, port ${port}: ${messageOf(cause)}; CLIENT_UI_ENABLED=false does without`,
        { cause },
      )
    }
    page.#newCode()
    return page
  }

  /** Where the page is. */
  get url(): string {
    const address = this.#server.address()
    const port = typeof address === 'object' && address !== null ? address.port : this.#options.port
    const { host } = this.#options
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}/`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (isForIcon(request) && this.#isMeant(request)) sendIcon(response)
    else send(response, await this.#reply(request))
  }

  async #reply(request: IncomingMessage): Promise<Reply> {
    const text = messagesIn(languageOf(request.headers['accept-language']))
    if (!this.#isMeant(request)) return { status: 403, page: noticeView(text, text.wrongName) }
    const route = `${request.method ?? ''} ${(request.url ?? '').split('?')[0] ?? ''}`
    if (route === 'GET /') return this.#show(text, request)
    if (route !== 'POST /open' && route !== 'POST /register') return { status: 404, page: noticeView(text, text.nothingHere) }
    const form = await readForm(request)
    if (form === undefined) return { status: 413, page: noticeView(text, text.tooLong) }
    return route === 'POST /open' ? this.#open(text, form) : this.#register(text, form, request)
  }

  #show(text: PageMessages, request: IncomingMessage): Reply {
    const session = this.#sessionOf(request)
    if (session === undefined) return { status: 200, page: codeView(text, '') }
    const { model } = this.#options
    const enrolment = model.enrolment()
    if (enrolment !== undefined) return { status: 200, page: statusView(text, enrolment, model.status()) }
    return { status: 200, page: formView(text, model.suggestion, { problem: '', proof: proofOf(session) }) }
  }

  #open(text: PageMessages, form: URLSearchParams): Reply {
    const now = this.#options.now()
    this.#attempts = this.#attempts.filter((at) => now - at < ATTEMPTS_WITHIN_MS)
    if (this.#attempts.length >= ATTEMPTS_MAX) return { status: 429, page: codeView(text, text.tooManyCodes) }
    if (!isSame((form.get('code') ?? '').trim().toUpperCase(), this.#code)) {
      this.#attempts.push(now)
      return { status: 403, page: codeView(text, text.wrongCode) }
    }
    const session = secureRandom(24).toString('base64url')
    this.#sessions.push(session)
    if (this.#sessions.length > SESSIONS_MAX) this.#sessions.shift()
    this.#newCode()
    return { status: 303, page: html``, session }
  }

  async #register(text: PageMessages, form: URLSearchParams, request: IncomingMessage): Promise<Reply> {
    const session = this.#sessionOf(request)
    if (session === undefined || !isSame(form.get('proof') ?? '', proofOf(session))) return { status: 403, page: codeView(text, '') }
    const { model } = this.#options
    const done: Reply = { status: 303, page: html`` }
    if (model.enrolment() !== undefined) return done
    const field = (name: string): string => (form.get(name) ?? '').trim()
    const values = { serverUrl: field('serverUrl'), username: field('username'), clientName: field('clientName'), paths: field('paths') }
    try {
      await model.register({ ...values, password: form.get('password') ?? '', code: field('code') || undefined })
    } catch (error) {
      return { status: 422, page: formView(text, values, { problem: messageOf(error), proof: proofOf(session) }) }
    }
    return done
  }

  #newCode(): void {
    this.#code = secureRandom(CODE_BYTES).toString('hex').toUpperCase()
    this.#options.onCode(this.#code)
  }

  #sessionOf(request: IncomingMessage): string | undefined {
    const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim())
    const given = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1)
    return given === undefined ? undefined : this.#sessions.find((session) => isSame(session, given))
  }

  /** A web site that makes its name lead to this machine would be let in by a browser otherwise. */
  #isMeant(request: IncomingMessage): boolean {
    const { host } = this.#options
    if (!isLoopback(host)) return true
    const named = (request.headers.host ?? '').replace(/:\d+$/, '').replaceAll(/[[\]]/g, '')
    return isLoopback(named)
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** Shows that a form came from a page of this session. */
function proofOf(session: string): string {
  return createHash('sha256').update(`form ${session}`).digest('base64url')
}

function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const pieces: Buffer[] = []
  let sizeBytes = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    sizeBytes += piece.length
    if (sizeBytes > BODY_BYTES_MAX) return undefined
    pieces.push(piece)
  }
  return new URLSearchParams(Buffer.concat(pieces).toString('utf8'))
}

/** What is answered; 303 leads to the page itself. */
interface Reply {
  readonly status: number
  readonly page: Html
  /** Lets the browser in. */
  readonly session?: string
}

function send(response: ServerResponse, { status, page, session }: Reply): void {
  const nonce = secureRandom(12).toString('base64')
  response
    .writeHead(status, {
      ...(status === 303 ? { location: '/' } : {}),
      ...(session === undefined ? {} : { 'set-cookie': `${COOKIE}=${session}; HttpOnly; SameSite=Strict; Path=/` }),
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': `${CONTENT_POLICY}; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'`,
      ...STRICT_HEADERS,
    })
    .end(withNonce(page.html, nonce))
}

/** Old browsers ask for the second by themselves. */
function isForIcon({ method, url }: IncomingMessage): boolean {
  return method === 'GET' && (url === '/icon.svg' || url === '/favicon.ico')
}

function sendIcon(response: ServerResponse): void {
  const policy = { 'content-security-policy': "default-src 'none'; sandbox", 'cache-control': 'max-age=86400' }
  response.writeHead(200, { ...STRICT_HEADERS, ...policy, 'content-type': 'image/svg+xml' }).end(ICON)
}

/** Only our own places get it: what people typed cannot hold quotes there. */
function withNonce(text: string, nonce: string): string {
  return text.replaceAll(NONCE_PLACE, `nonce="${nonce}"`)
}
