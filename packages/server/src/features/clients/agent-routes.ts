import type { Clock } from '@holdfast/engine'
import {
  agentLogSchema,
  clientTokenSchema,
  enrolledSchema,
  enrolSchema,
  machineSchema,
  pongSchema,
  problemSchema,
  registerSchema,
} from '@holdfast/protocol'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { AGENT, PUBLIC } from '../../http/access.ts'
import { agentOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { originOf } from '../audit/audit.ts'
import type { AgentTokens } from './agent-tokens.ts'
import type { ClientLogs } from './client-logs.ts'
import type { Clients } from './clients.ts'
import type { Enrolments } from './enrolment.ts'

const TAGS = ['agents']
const problems = { 401: problemSchema, 403: problemSchema, 409: problemSchema, 422: problemSchema, 429: problemSchema }
/** 500 lines of 20,000 characters. */
const LOGS_BYTES_MAX = 32 * 1024 * 1024

export interface AgentLinkOptions {
  readonly clients: Clients
  readonly enrolments: Enrolments
  readonly agentTokens: AgentTokens
  readonly clientLogs: ClientLogs
  readonly clock: Clock
  /** Whether a run waits for the client. */
  hasWork(clientId: number): Promise<boolean>
  /** Whether the client is carrying out a run. */
  isAtWork(clientId: number): Promise<boolean>
  /** Makes a plan of the folders that a new agent names, when its client has no plan. */
  ensurePlan(clientId: number, request: { readonly paths: readonly string[]; readonly intervalSeconds: number | undefined }): Promise<void>
}

/** How agents come in and are heard of. */
export function agentLinkRoutes(app: App, options: AgentLinkOptions): void {
  entranceRoutes(app, options)
  const { clients, enrolments, agentTokens, clientLogs, clock, hasWork, isAtWork } = options
  app.route({
    method: 'POST',
    url: '/agent/v1/ping',
    config: { access: AGENT },
    schema: { tags: TAGS, summary: 'Say that the machine is there', body: machineSchema, response: { 200: pongSchema, ...problems } },
    handler: async (request) => {
      const { clientId } = agentOf(request)
      await enrolments.heard(clientId, request.body)
      const { hooks, limits } = await clients.effective(clientId, undefined)
      // What is at work has calls under way, with the token in force.
      const rotateToken = (await agentTokens.isRotationDue(clientId)) && !(await isAtWork(clientId))
      return { now: new Date(clock.now()).toISOString(), hasWork: await hasWork(clientId), hooks, limits, rotateToken }
    },
  })
  app.route({
    method: 'POST',
    url: '/agent/v1/logs',
    bodyLimit: LOGS_BYTES_MAX,
    config: { access: AGENT },
    schema: { tags: TAGS, summary: 'Add lines to the log of the client', body: agentLogSchema, response: { 204: z.null(), ...problems } },
    handler: async (request, reply) => {
      await clientLogs.add(agentOf(request).clientId, request.body.entries)
      return reply.status(204).send(null)
    },
  })
  app.route({
    method: 'POST',
    url: '/agent/v1/token',
    config: { access: AGENT },
    schema: {
      tags: TAGS,
      summary: 'Take a new token; the old one ends when it is used',
      response: { 201: clientTokenSchema, ...problems },
    },
    handler: async (request, reply) => reply.status(201).send({ token: await agentTokens.offer(agentOf(request), originOf(request)) }),
  })
}

function entranceRoutes(app: App, { enrolments, ensurePlan }: AgentLinkOptions): void {
  app.route({
    method: 'POST',
    url: '/agent/v1/enrol',
    config: { access: PUBLIC },
    schema: { tags: TAGS, summary: 'Come in by a one-time code', body: enrolSchema, response: { 201: enrolledSchema, ...problems } },
    handler: async (request, reply) => reply.status(201).send(await enrolments.enrol(request.body, originOf(request))),
  })
  app.route({
    method: 'POST',
    url: '/agent/v1/register',
    config: { access: PUBLIC },
    schema: { tags: TAGS, summary: 'Come in by a user’s password', body: registerSchema, response: { 201: enrolledSchema, ...problems } },
    handler: async (request, reply) => {
      const { paths, intervalSeconds } = request.body
      const enrolled = await enrolments.register(request.body, { visitor: visitorOf(request), origin: originOf(request) })
      if (paths.length > 0) await ensurePlan(enrolled.clientId, { paths, intervalSeconds })
      return reply.status(201).send(enrolled)
    },
  })
}

function visitorOf(request: FastifyRequest): { readonly address: string; readonly userAgent: string } {
  return { address: request.ip, userAgent: request.headers['user-agent'] ?? '' }
}
