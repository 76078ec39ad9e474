import { localMachineSchema, problemSchema, setupPasswordSchema, setupRepositorySchema, setupSchema } from '@holdfast/protocol'
import { z } from 'zod'
import { ADMIN } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import type { Accounts } from '../accounts/accounts.ts'
import { originOf } from '../audit/audit.ts'
import type { Setup } from './setup.ts'

const tags = ['setup']
const problems = { 403: problemSchema, 409: problemSchema, 422: problemSchema }

export interface SetupRouteOptions {
  readonly setup: Setup
  readonly accounts: Accounts
}

/** The first steps with a server. */
export function setupRoutes(app: App, { setup, accounts }: SetupRouteOptions): void {
  app.route({
    method: 'GET',
    url: '/api/v1/setup',
    config: { access: ADMIN },
    schema: { tags, summary: 'How far the server is on the way to its first backup', response: { 200: setupSchema, ...problems } },
    handler: (request) => setup.view(userOf(request)),
  })
  app.route({
    method: 'POST',
    url: '/api/v1/setup/password',
    config: { access: ADMIN },
    schema: {
      tags,
      summary: 'Choose one’s own password instead of the generated one; other sessions end',
      body: setupPasswordSchema,
      response: { 204: z.null(), ...problems },
    },
    handler: async (request, reply) => {
      await accounts.replaceGeneratedPassword(userOf(request), request.body.password, originOf(request))
      return reply.status(204).send(null)
    },
  })
  app.route({
    method: 'POST',
    url: '/api/v1/setup/repository',
    config: { access: ADMIN },
    schema: { tags, summary: 'Make the proposed repository the default one', response: { 201: setupRepositorySchema, ...problems } },
    handler: async (_request, reply) => reply.status(201).send({ repositoryId: await setup.makeRepository() }),
  })
  app.route({
    method: 'POST',
    url: '/api/v1/setup/local-machine',
    config: { access: ADMIN },
    schema: {
      tags,
      summary: 'Bring the server’s own machine in as a client, with an agent in the server’s process',
      response: { 201: localMachineSchema, ...problems },
    },
    handler: async (request, reply) => reply.status(201).send({ clientId: await setup.protectLocalMachine(originOf(request)) }),
  })
}
