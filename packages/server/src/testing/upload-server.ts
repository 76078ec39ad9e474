import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Clock,
  initRepository,
  type OpenRepository,
  openRepository,
  openStorage,
  parseLocation,
  secureRandom,
  systemClock,
} from '@holdfast/engine'
import fastify from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { type Database, openDatabase } from '../db/database.ts'
import { migrate } from '../db/migrate.ts'
import { RepositoryHosts } from '../features/repositories/repository-host.ts'
import { RoomStore } from '../features/uploads/room-store.ts'
import { uploadRoutes } from '../features/uploads/routes.ts'
import { UploadStore } from '../features/uploads/store.ts'
import { UploadWriters } from '../features/uploads/upload-writers.ts'
import { Uploads } from '../features/uploads/uploads.ts'
import type { AgentActor } from '../http/actor.ts'
import type { App } from '../http/app-type.ts'
import { Forwarder } from '../http/forward.ts'
import { registerGuard } from '../http/guard.ts'
import { registerProblems } from '../http/problem.ts'
import { SecretBox } from '../secrets/secret-box.ts'

/** The password of the repository that tests upload into. */
export const UPLOAD_PASSWORD = 'correct horse'

/** The routes of managed uploads on a real port, with two clients (`token-1`, `token-2`) of two users and one repository in a folder. */
export class UploadServer {
  readonly folder: string
  readonly repositoryFolder: string
  readonly app: App
  readonly database: Database
  readonly hosts: RepositoryHosts
  readonly uploads: Uploads
  readonly #sockets = new Set<Socket>()
  #closedBytes = 0

  private constructor(folder: string, parts: Pick<UploadServer, 'app' | 'database' | 'hosts' | 'uploads'>) {
    this.folder = folder
    this.repositoryFolder = join(folder, 'repository')
    this.app = parts.app
    this.database = parts.database
    this.hosts = parts.hosts
    this.uploads = parts.uploads
    this.app.server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        this.#closedBytes += socket.bytesRead
      })
    })
  }

  static async start(options: { readonly databaseUrl?: string | undefined; readonly clock?: Clock } = {}): Promise<UploadServer> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-uploads-'))
    const clock = options.clock ?? systemClock
    const database = openDatabase(options.databaseUrl ?? `sqlite:${join(folder, 'holdfast.db')}`)
    await migrate(database, { clock })
    await addRows(database)
    const repositoryFolder = join(folder, 'repository')
    mkdirSync(repositoryFolder)
    await (
      await initRepository(await storageOf(repositoryFolder), { password: UPLOAD_PASSWORD, cost: { N: 2, r: 8, p: 1 } })
    ).storage.close()
    const open = async (): Promise<OpenRepository> => openRepository(await storageOf(repositoryFolder), { password: UPLOAD_PASSWORD })
    const hosts = new RepositoryHosts({ open, clock })
    const uploads = new Uploads({ hosts, store: new UploadStore(database.queries), rooms: new RoomStore(database.queries), clock })
    const app = await listeningApp(uploads)
    return new UploadServer(folder, { app, database, hosts, uploads })
  }

  get port(): number {
    return (this.app.server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Bytes that clients have sent so far. */
  get receivedBytes(): number {
    return [...this.#sockets].reduce((sum, { bytesRead }) => sum + bytesRead, this.#closedBytes)
  }

  /** Has all connections broken off. */
  cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.uploads.close()
    await this.hosts.close({ graceMs: 0 })
    this.cutConnections()
    await this.app.close()
    await this.database.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

async function listeningApp(uploads: Uploads): Promise<App> {
  const app = fastify({ logger: false }).withTypeProvider<ZodTypeProvider>() as unknown as App
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  registerProblems(app)
  registerGuard(app, { session: async () => undefined, bearer: async (token) => agentOfToken(token) })
  uploadRoutes(app, {
    writers: new UploadWriters({ leases: undefined, clock: systemClock }),
    forwarder: new Forwarder({ secrets: new SecretBox(secureRandom(32)), clock: systemClock }),
    uploads,
    authorize: async ({ clientId, clientName }, { repositoryId, runId }) => {
      return { clientId, clientName, username: `user-${clientId}`, repositoryId, planId: null, runId }
    },
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app
}

function agentOfToken(token: string): AgentActor | undefined {
  const clientId = Number(/^token-([12])$/.exec(token)?.[1])
  return clientId > 0 ? { kind: 'agent', clientId, clientName: `client-${clientId}`, ownerId: clientId } : undefined
}

async function storageOf(folder: string): ReturnType<typeof openStorage> {
  return openStorage(parseLocation(folder), {})
}

async function addRows({ queries }: Database): Promise<void> {
  for (const id of [1, 2]) {
    await queries
      .insertInto('users')
      .values({ username: `user-${id}`, role: 'operator', is_disabled: 0, created_at: 0 } as never)
      .execute()
    await queries
      .insertInto('clients')
      .values({ name: `client-${id}`, owner_id: id, is_local: 0, is_disabled: 0, settings: '{}', created_at: 0 } as never)
      .execute()
  }
  const row = { name: 'main', kind: 'local', location: 'x', sealed_credentials: '', sealed_password: '', is_default: 1 }
  await queries
    .insertInto('repositories')
    .values({ ...row, maintenance: '{}', created_at: 0 } as never)
    .execute()
}
