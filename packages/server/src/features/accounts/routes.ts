import { loginSchema, newUserSchema, problemSchema, userSchema } from '@holdfast/protocol'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { ADMIN, OWN_ACCOUNT, PUBLIC, READ } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { SESSION_COOKIE } from '../../http/guard.ts'
import { originOf } from '../audit/audit.ts'
import type { Accounts } from './accounts.ts'

const TAGS = ['accounts']

/** Signing in and out, and users. */
export function accountRoutes(app: App, { accounts }: { readonly accounts: Accounts }): void {
  app.route({
    method: 'POST',
    url: '/api/v1/session',
    config: { access: PUBLIC },
    schema: { tags: TAGS, summary: 'Sign in', body: loginSchema, response: { 200: userSchema, 401: problemSchema, 429: problemSchema } },
    handler: async (request, reply) => {
      const { token, user } = await accounts.login(request.body, visitorOf(request))
      reply.setCookie(SESSION_COOKIE, token, cookieOptions(request))
      return user
    },
  })
  app.route({
    method: 'DELETE',
    url: '/api/v1/session',
    config: { access: OWN_ACCOUNT },
    schema: { tags: TAGS, summary: 'Sign out', response: { 204: z.null() } },
    handler: async (request, reply) => {
      await accounts.logout(userOf(request))
      reply.clearCookie(SESSION_COOKIE, cookieOptions(request))
      return reply.status(204).send(null)
    },
  })
  app.route({
    method: 'GET',
    url: '/api/v1/users',
    config: { access: ADMIN },
    schema: { tags: TAGS, summary: 'All users', response: { 200: z.array(userSchema) } },
    handler: () => accounts.list(),
  })
  app.route({
    method: 'POST',
    url: '/api/v1/users',
    config: { access: ADMIN },
    schema: { tags: TAGS, summary: 'Add a user', body: newUserSchema, response: { 201: userSchema, 409: problemSchema } },
    handler: async (request, reply) => reply.status(201).send(await accounts.create(request.body, originOf(request))),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/me',
    config: { access: READ },
    schema: { tags: TAGS, summary: 'Who is signed in', response: { 200: userSchema } },
    handler: (request) => accounts.get(userOf(request).userId),
  })
}

function visitorOf(request: FastifyRequest): { readonly address: string; readonly userAgent: string } {
  return { address: request.ip, userAgent: request.headers['user-agent'] ?? '' }
}

function cookieOptions(request: FastifyRequest): { path: string; httpOnly: true; sameSite: 'strict'; secure: boolean } {
  return { path: '/', httpOnly: true, sameSite: 'strict', secure: request.protocol === 'https' }
}
