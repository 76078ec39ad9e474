import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

const HOLDFAST: string = fileURLToPath(new URL('../../../bin/holdfast', import.meta.url))

export type Environment = Readonly<Record<string, string>>

/** What a program did. */
export interface Outcome {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** The answer of the API. */
export interface Answer {
  readonly status: number
  readonly body: ReturnType<typeof JSON.parse>
}

/** A folder in which programs run, all of which end with it. */
export class System {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'holdfast-system-'))
  readonly #running = new Set<Running>()

  path(...names: readonly string[]): string {
    return join(this.folder, ...names)
  }

  /** Starts `holdfast`. */
  start(args: readonly string[], env: Environment): Running {
    return this.startProgram(HOLDFAST, args, env)
  }

  startProgram(program: string, args: readonly string[], env: Environment): Running {
    const running = new Running(spawn(program, args, { cwd: this.folder, env: { PATH: process.env.PATH, HOME: this.folder, ...env } }))
    this.#running.add(running)
    void running.ended.then(() => this.#running.delete(running))
    return running
  }

  /** Runs `holdfast` to its end. */
  async run(args: readonly string[], env: Environment): Promise<Outcome> {
    const running = this.start(args, env)
    return { code: await running.ended, output: running.output, errors: running.errors }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = [...this.#running]
    for (const { child } of running) child.kill('SIGKILL')
    await Promise.all(running.map(({ ended }) => ended))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A program that goes on until it is stopped, and what it has said. */
export class Running {
  output = ''
  errors = ''
  readonly child: ChildProcess
  readonly ended: Promise<number | null>

  constructor(child: ChildProcess) {
    this.child = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text
    })
    this.ended = new Promise((resolve) => child.on('close', resolve))
  }

  /** Waits until the program has said it, on whichever channel. */
  says(pattern: RegExp): Promise<RegExpExecArray> {
    const look = (): RegExpExecArray | undefined => pattern.exec(this.output) ?? pattern.exec(this.errors) ?? undefined
    return until(() => `${pattern} in ${this.output}${this.errors}`, look, 60_000)
  }

  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    this.child.kill(signal)
    return this.ended
  }
}

/** Looks again and again, until there is something. */
export async function until<T>(
  what: string | (() => string),
  look: () => T | undefined | Promise<T | undefined>,
  timeoutMs = 20_000,
): Promise<T> {
  for (const end = Date.now() + timeoutMs; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const found = await look()
    if (found !== undefined) return found
  }
  throw new Error(`Cannot see ${typeof what === 'string' ? what : what()}: it did not come in time`)
}

/** Somebody who uses the API with a session. */
export class Person {
  readonly #url: string
  readonly #cookie: string

  private constructor(url: string, cookie: string) {
    this.#url = url
    this.#cookie = cookie
  }

  static async signIn(url: string, login: { readonly username: string; readonly password: string }): Promise<Person> {
    const reply = await fetch(`${url}/api/v1/session`, {
      method: 'POST',
      body: JSON.stringify(login),
      headers: { 'content-type': 'application/json' },
    })
    expect(reply.status).toBeLessThan(300)
    return new Person(url, reply.headers.getSetCookie()[0]?.split(';')[0] ?? '')
  }

  async call(route: string, body?: unknown): Promise<Answer> {
    const [method = 'GET', path = '/'] = route.split(' ')
    const reply = await fetch(this.#url + path, {
      method,
      headers: { cookie: this.#cookie, origin: this.#url, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    const isJson = /json/.test(reply.headers.get('content-type') ?? '')
    return { status: reply.status, body: isJson ? JSON.parse(text) : text }
  }
}
