import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ManualClock, resticBinaries } from '@holdfast/engine/testing'
import type { LightMyRequestResponse } from 'fastify'
import { sql } from 'kysely'
import { composeServices, type Foundations, type Services } from '../composition.ts'
import { runRestic } from './restic-lab.ts'
import { TEST_PASSWORD, TestServer, type TestServerOptions } from './test-server.ts'

/** What separates the parts of multipart bodies. */
const BOUNDARY = 'boundary-of-the-test'
const DAY_MS = 86_400_000

/** A version of a file, as the endpoints give it. */
export interface BackupEntry {
  readonly id: number
  readonly original_path: string
  readonly version_time: string
  readonly size: number
  readonly file_hash: string
}

/** A server with an administrator and one client of the Backup Service, asked as that client's program asks it. */
export class BackupServiceLab {
  readonly server: TestServer
  readonly clock: ManualClock
  readonly token: string
  readonly clientId: number
  readonly #foundations: Foundations
  #admin: string

  private constructor(parts: Pick<BackupServiceLab, 'server' | 'clock' | 'token' | 'clientId'>, foundations: Foundations, admin: string) {
    this.server = parts.server
    this.clock = parts.clock
    this.token = parts.token
    this.clientId = parts.clientId
    this.#foundations = foundations
    this.#admin = admin
  }

  static async start(databaseUrl: string | undefined, options: Pick<TestServerOptions, 'settings'> = {}): Promise<BackupServiceLab> {
    const clock = new ManualClock(Date.UTC(2026, 5, 1))
    const given: Foundations[] = []
    const services = (_composed: Services, foundations: Foundations): object => {
      given.push(foundations)
      return {}
    }
    const server = await TestServer.start({ clock, ...options, services, databaseUrl })
    const [foundations] = given
    if (foundations === undefined) throw new Error('the server was composed of nothing')
    await server.addUser('admin', 'admin')
    const admin = await signIn(server)
    const registered = (await server.request('POST /api/clients/register', { token: admin, body: { name: 'desk' } })).json()
    return new BackupServiceLab({ server, clock, token: registered.token, clientId: registered.id }, foundations, admin)
  }

  /** Another process on the same database, with a spool of its own. */
  anotherProcess(): Services {
    const settings = { ...this.#foundations.settings, data: join(this.server.folder, 'other') }
    return composeServices({ ...this.#foundations, settings })
  }

  /** Sends a form, with an access token if one is given. */
  form(route: string, fields: Readonly<Record<string, string>>, bearer?: string): Promise<LightMyRequestResponse> {
    return sendForm(this.server, route, { fields, bearer })
  }

  /** Sends a request as the administrator, whose session ends when the clock is moved far. */
  async asAdmin(route: string, body?: object): Promise<LightMyRequestResponse> {
    const ask = (): Promise<LightMyRequestResponse> =>
      this.server.request(route, { token: this.#admin, ...(body === undefined ? {} : { body }) })
    const answer = await ask()
    if (answer.statusCode !== 401) return answer
    this.#admin = await signIn(this.server)
    return ask()
  }

  /** Uploads a file as of now; a millisecond passes before. */
  upload(path: string, content: string | Buffer, fields: Readonly<Record<string, string>> = {}): Promise<LightMyRequestResponse> {
    const parts = Object.entries({ path, ...fields }).map(
      ([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    )
    const disposition = 'Content-Disposition: form-data; name="file"; filename="x"\r\nContent-Type: application/octet-stream'
    const head = Buffer.from(`${parts.join('')}--${BOUNDARY}\r\n${disposition}\r\n\r\n`)
    this.clock.advance(1)
    return this.server.request(`POST /api/clients/${this.token}/backup`, {
      body: Buffer.concat([head, Buffer.from(content), Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]),
      headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    })
  }

  async download(id: number): Promise<Buffer> {
    const answer = await this.server.request(`GET /api/clients/${this.token}/download/${id}`)
    if (answer.statusCode !== 200) throw new Error(`the download of ${id} was answered with ${answer.statusCode}: ${answer.body}`)
    return answer.rawPayload
  }

  /** What the client has in its backups, newest first. */
  async backups(path?: string): Promise<readonly BackupEntry[]> {
    const all: readonly BackupEntry[] = (await this.server.request(`GET /api/clients/${this.token}/backups`)).json()
    return path === undefined ? all : all.filter(({ original_path }) => original_path === path)
  }

  /** Versions that the client has in its backups and that cannot be had as they were. */
  async lost(): Promise<readonly BackupEntry[]> {
    const lost: BackupEntry[] = []
    for (const entry of await this.backups()) {
      const content = await this.download(entry.id).catch(() => undefined)
      const isSame = content?.length === entry.size && createHash('sha256').update(content).digest('hex') === entry.file_hash
      if (!isSame) lost.push(entry)
    }
    return lost
  }

  /** Makes snapshots of all that waits. */
  async gather(): Promise<void> {
    await this.server.services.gatherer.gather({ all: true })
  }

  /** Lets versions go that have expired. */
  async applyRetention(): Promise<void> {
    await this.server.services.serviceRetention.apply()
  }

  /** The client's snapshots in the register, newest first. */
  async snapshots(): Promise<readonly { readonly id: number; readonly snapshotId: string; readonly fileCount: number }[]> {
    return (await this.asAdmin(`GET /api/v1/snapshots?clientId=${this.clientId}&limit=1000`)).json().items
  }

  /** Prunes the repository until nothing is in it that no snapshot needs, and compares its snapshots with the register. */
  async maintain(): Promise<void> {
    const { settings } = (await this.asAdmin('GET /api/v1/repositories/1/maintenance')).json()
    await this.asAdmin('PUT /api/v1/repositories/1/maintenance', { ...settings, prune: { ...settings.prune, maxUnusedPercent: 0 } })
    await this.asAdmin('POST /api/v1/repositories/1/maintenance/run', { kind: 'maintenance' })
    await this.asAdmin('POST /api/v1/repositories/1/refresh')
    const { keeper } = this.server.services
    for (let round = 0; round < 5; round++) {
      await keeper.look()
      await keeper.settled()
    }
    const { items } = (await this.asAdmin('GET /api/v1/runs?repositoryId=1&kind=maintenance')).json()
    if (items[0]?.state !== 'finished') throw new Error(`the repository was not pruned: ${JSON.stringify(items[0])}`)
    this.clock.advance(DAY_MS / 24)
  }

  /** Runs restic on the repository; throws unless it says that all is well. Gives what it prints. */
  async restic(...args: readonly string[]): Promise<string> {
    const [{ path } = { path: '' }] = resticBinaries()
    const kit = (await this.asAdmin('GET /api/v1/repositories/1/recovery-kit')).body
    const [, password = ''] = /RESTIC_PASSWORD='([^']+)'/.exec(kit) ?? []
    const { code, output } = await runRestic(path, args, { location: this.location, password })
    if (code !== 0) throw new Error(`restic ${args.join(' ')} ended with ${code}: ${output}`)
    return output
  }

  get location(): string {
    return join(this.server.folder, 'repository')
  }

  /** The names of the snapshots in the repository. */
  snapshotFiles(): readonly string[] {
    return readdirSync(join(this.location, 'snapshots')).toSorted()
  }

  /** Has the database refuse every change of rows of a table, until what is returned is called: as if the process had ended before it. */
  async refuseChanges(table: string): Promise<() => Promise<void>> {
    const { kind, queries } = this.server.database
    const fail = kind === 'sqlite' ? "begin select raise(abort, 'refused'); end" : 'for each row execute function refuse()'
    if (kind === 'postgres')
      await sql`create or replace function refuse() returns trigger as 'begin raise exception ''refused''; end' language plpgsql`.execute(
        queries,
      )
    await sql.raw(`create trigger refusing before update on ${table} ${fail}`).execute(queries)
    return async () => {
      await sql.raw(`drop trigger refusing${kind === 'sqlite' ? '' : ` on ${table}`}`).execute(queries)
    }
  }

  /** Files that wait to become part of a snapshot. */
  spooled(): readonly string[] {
    try {
      return readdirSync(join(this.server.folder, 'spool'))
    } catch {
      return []
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
  }
}

async function signIn(server: TestServer): Promise<string> {
  return (await sendForm(server, 'POST /api/login', { fields: { username: 'admin', password: TEST_PASSWORD } })).json().access_token
}

function sendForm(
  server: TestServer,
  route: string,
  { fields, bearer }: { readonly fields: Readonly<Record<string, string>>; readonly bearer?: string | undefined },
): Promise<LightMyRequestResponse> {
  return server.request(route, {
    body: new URLSearchParams(fields).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    },
  })
}
