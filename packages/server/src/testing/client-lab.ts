import { ManualClock } from '@holdfast/engine/testing'
import type { Client } from '@holdfast/protocol'
import type { LightMyRequestResponse } from 'fastify'
import { SERVER_ORIGIN } from '../features/audit/audit.ts'
import { addRepositoryRow } from './sample-plans.ts'
import { TestServer, type TestServerOptions } from './test-server.ts'

/** What the agent of the lab says of its machine. */
export const LAB_MACHINE = { hostname: 'desk', platform: 'linux', version: '1' } as const

/** A server with an administrator `root`, an operator `ann`, a repository, and her client `desk`, whose agent has come in. */
export class ClientLab {
  readonly server: TestServer
  readonly clock: ManualClock
  readonly ownerId: number
  readonly clientId: number
  /** The token that the agent came in with. */
  readonly token: string

  private constructor(parts: Pick<ClientLab, 'server' | 'clock' | 'ownerId' | 'clientId' | 'token'>) {
    this.server = parts.server
    this.clock = parts.clock
    this.ownerId = parts.ownerId
    this.clientId = parts.clientId
    this.token = parts.token
  }

  /** `clientSettings` are those of the client. */
  static async start(
    options: Pick<TestServerOptions, 'databaseUrl' | 'settings'> & { readonly clientSettings?: object } = {},
  ): Promise<ClientLab> {
    const { clientSettings = {}, ...others } = options
    const clock = new ManualClock(Date.parse('2026-10-20T12:00:00Z'))
    const server = await TestServer.start({ clock, ...others })
    await server.addUser('root', 'admin')
    const ownerId = await server.addUser('ann', 'operator')
    await addRepositoryRow(server.database)
    const client = { name: 'desk', ownerId, settings: clientSettings }
    const { id: clientId } = (await server.request('POST /api/v1/clients', { as: 'root', body: client })).json<Client>()
    const token = await server.services.enrolments.rotate({ id: clientId }, SERVER_ORIGIN)
    return new ClientLab({ server, clock, ownerId, clientId, token })
  }

  /** The agent says that it is there. */
  ping(token: string = this.token): Promise<LightMyRequestResponse> {
    return this.server.request('POST /agent/v1/ping', { token, body: LAB_MACHINE })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
  }
}
