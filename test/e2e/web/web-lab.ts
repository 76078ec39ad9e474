import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { type Environment, Person, type Running, System, until } from '../../../packages/server/test/system.ts'

/** Everybody's password in these tests. */
export const PASSWORD = 'correct horse battery'

/** Debian's browser. As root, and in containers, it cannot make its own sandbox. */
const CHROMIUM = '/usr/bin/chromium'
const CHROMIUM_ARGUMENTS = ['--no-sandbox', '--disable-dev-shm-usage']

/** Where other pages than those that are built in have been built; '' for none. */
const PAGES = process.env.HOLDFAST_WEB_FOLDER ?? ''

/** How a visitor comes. */
export interface Visitor extends BrowserContextOptions {
  /** Signed in beforehand; nobody when it is not given. */
  readonly as?: string
}

/** As long as it may take on a busy machine until everything is there that tests are about. */
const FURNISH_MS = 240_000

/** A lab for all tests of a file: it starts before them, has what `furnish` puts there, and ends after them however they went. */
export function labOfFile(furnish?: (lab: WebLab) => Promise<unknown>): WebLab {
  const lab = new WebLab()
  beforeAll(async () => {
    await lab.start()
    await furnish?.(lab)
  }, FURNISH_MS)
  afterAll(() => lab[Symbol.asyncDispose]())
  return lab
}

/** A server as a process, agents as processes, and a browser to visit them. */
export class WebLab implements AsyncDisposable {
  url = ''
  server: Running | undefined
  #place: System | undefined
  #browser: Browser | undefined
  readonly #contexts = new Set<BrowserContext>()
  #port = '0'
  readonly #env: Environment

  /** Nothing of it is there until it starts. Its administrator is `admin` with {@link PASSWORD}, unless `env` says otherwise. */
  constructor(env: Environment = {}) {
    this.#env = env
  }

  get place(): System {
    this.#place ??= new System()
    return this.#place
  }

  async start(): Promise<void> {
    this.#browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS })
    await this.startServer()
  }

  async startServer(): Promise<void> {
    this.server = this.place.start(['server'], {
      HOLDFAST_DATA: this.place.path('data'),
      HOLDFAST_PORT: this.#port,
      HOLDFAST_ADMIN_PASSWORD: PASSWORD,
      HOLDFAST_LOG_LEVEL: 'warn',
      HOLDFAST_WEB_FOLDER: PAGES,
      ...this.#env,
    })
    const [, url = ''] = await this.server.says(/Holdfast is at (http\S+?)\/?\s/)
    this.url = new URL(url).origin
    this.#port = new URL(url).port
  }

  /** Makes a file below the folder of the lab, and gives its path. */
  file(name: string, content: string | Uint8Array): string {
    const path = this.place.path(name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
    return path
  }

  person(username = 'admin'): Promise<Person> {
    return Person.signIn(this.url, { username, password: PASSWORD })
  }

  /** Makes a repository in a folder of the lab, the one of plans that name none. */
  async addRepository(name = 'Main'): Promise<number> {
    const admin = await this.person()
    const body = { name, location: this.place.path('repositories', name), mode: 'create', isDefault: true }
    const { status, body: made } = await admin.call('POST /api/v1/repositories', body)
    expect(status, JSON.stringify(made)).toBe(201)
    return made.id
  }

  async addUser(username: string, role: 'viewer' | 'operator' | 'admin'): Promise<number> {
    const admin = await this.person()
    const { status, body } = await admin.call('POST /api/v1/users', { username, password: PASSWORD, role })
    expect(status).toBe(201)
    return body.id
  }

  /** Brings a machine of that name in, with an agent that runs until the lab ends. */
  async addAgent(name: string, options: { readonly owner?: string; readonly env?: Environment } = {}): Promise<{ readonly id: number }> {
    const owner = await this.person(options.owner)
    const client = (await owner.call('POST /api/v1/clients', { name })).body
    const { code } = (await owner.call(`POST /api/v1/clients/${client.id}/enrolment`)).body
    const env = {
      HOLDFAST_AGENT_STATE: this.place.path(`state of ${name}`),
      HOLDFAST_AGENT_PAGE_PORT: '0',
      HOLDFAST_ALLOW_RESTORES: 'true',
      PING_INTERVAL: '1',
      ...options.env,
    }
    const enrolled = await this.place.run(['agent', 'enrol', this.url, code], env)
    expect(enrolled.code, enrolled.errors).toBe(0)
    this.place.start(['agent'], env)
    // It can be asked a moment after it was first heard of.
    await until('the agent', async () => {
      const { body } = await owner.call(`GET /api/v1/clients/${client.id}/folders?path=/`)
      return body.code === 'client.not-connected' ? undefined : true
    })
    return { id: client.id }
  }

  /** Makes a plan of folders, backs them up, and waits for the end. */
  async backUp(
    clientId: number,
    folders: readonly string[],
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<{ readonly planId: number; readonly runId: number; readonly snapshotId: number | undefined }> {
    const { planId } = await this.addPlan(clientId, folders, more)
    return { planId, ...(await this.runPlan(planId)) }
  }

  async addPlan(
    clientId: number,
    folders: readonly string[],
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<{ readonly planId: number }> {
    const admin = await this.person()
    const schedule = { cron: '0 3 * * *', timeZone: 'UTC' }
    const body = { name: 'Documents', selection: { paths: folders }, schedule, ...more }
    const { status, body: plan } = await admin.call(`POST /api/v1/clients/${clientId}/plans`, body)
    expect(status, JSON.stringify(plan)).toBe(201)
    return { planId: plan.id }
  }

  async runPlan(planId: number): Promise<{ readonly runId: number; readonly snapshotId: number | undefined }> {
    const admin = await this.person()
    const { status, body: begun } = await admin.call(`POST /api/v1/plans/${planId}/run`)
    expect(status, JSON.stringify(begun)).toBeLessThan(300)
    await until(
      'the end of the run',
      async () => {
        const { state } = (await admin.call(`GET /api/v1/runs/${begun.id}`)).body
        return ['finished', 'error', 'cancelled'].includes(state) ? true : undefined
      },
      60_000,
    )
    const { items } = (await admin.call(`GET /api/v1/snapshots?planId=${planId}&limit=1`)).body
    return { runId: begun.id, snapshotId: items[0]?.id }
  }

  /** Opens the pages as somebody. What the browser complains of is told by {@link Visit.complaints}. */
  async visit({ as, ...options }: Visitor = {}): Promise<Visit> {
    if (this.#browser === undefined) throw new Error('the lab has not started')
    const context = await this.#browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', baseURL: this.url, ...options })
    this.#contexts.add(context)
    if (as !== undefined) {
      const reply = await context.request.post('/api/v1/session', { data: { username: as, password: PASSWORD } })
      expect(reply.status(), await reply.text()).toBeLessThan(300)
    }
    return new Visit(this.url, await context.newPage())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const context of this.#contexts) await context.close()
    await this.#browser?.close()
    await this.#place?.[Symbol.asyncDispose]()
  }
}

/** A page in the browser, and what went wrong in it. */
export class Visit {
  readonly page: Page
  /**
   * Errors of scripts, of the policy, and requests to anybody else, since the last {@link Visit.open}. Answers with an error status are not
   * among them.
   */
  readonly complaints: string[] = []

  constructor(url: string, page: Page) {
    this.page = page
    page.setDefaultTimeout(15_000)
    page.on('pageerror', (error) => this.complaints.push(String(error)))
    page.on('console', (message) => {
      const text = message.text()
      if (message.type() === 'error' && !/Failed to load resource|net::ERR/.test(text)) this.complaints.push(text)
    })
    page.on('request', (request) => {
      const target = request.url()
      if (!target.startsWith(url) && !/^(data|blob):/.test(target)) this.complaints.push(`a request to ${target}`)
    })
  }

  /** Opens a path, and waits until nothing is being fetched any more that is not open all the time. */
  async open(path: string): Promise<Page> {
    this.complaints.length = 0
    await this.page.goto(path)
    await this.settled()
    return this.page
  }

  /** Waits until the page shows its heading and nothing holds a place for what is still to come. */
  async settled(): Promise<void> {
    await this.page.locator('h1').first().waitFor()
    const waiting = this.page.locator('[aria-busy="true"]')
    await until('the whole page', async () => ((await waiting.count()) === 0 ? true : undefined))
  }

  /** Holds back what the page sends to a path until `goOn` is called; `isSent` tells when there is something to hold. */
  async held(method: string, path: string): Promise<{ readonly isSent: Promise<void>; goOn(): void }> {
    const sent = Promise.withResolvers<void>()
    const going = Promise.withResolvers<void>()
    await this.page.route(`**${path}`, async (route) => {
      if (route.request().method() === method) {
        sent.resolve()
        await going.promise
      }
      await route.fallback()
    })
    return { isSent: sent.promise, goOn: () => going.resolve() }
  }

  /** How far the page is wider than the window, in pixels: nothing may be. */
  overflow(): Promise<number> {
    return this.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  }
}
