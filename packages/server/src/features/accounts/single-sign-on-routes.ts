import {
  confirmPasswordSchema,
  problemSchema,
  signInMethodsSchema,
  singleSignOnQuerySchema,
  singleSignOnUrlSchema,
} from '@holdfast/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { isServerError } from '../../errors.ts'
import { OWN_ACCOUNT, PUBLIC } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { originOf } from '../audit/audit.ts'
import { setSessionCookie, visitorOf } from './session-cookie.ts'
import type { SignIn } from './sign-in.ts'
import { FLOW_SECONDS, type SingleSignOn } from './single-sign-on.ts'

const tags = ['accounts']
const FLOW_COOKIE = 'holdfast_sign_in'
const url = '/api/v1/single-sign-on'
const problems = { 401: problemSchema, 404: problemSchema, 409: problemSchema, 422: problemSchema, 429: problemSchema, 503: problemSchema }

export interface SingleSignOnRouteOptions {
  readonly singleSignOn: SingleSignOn
  readonly signIn: Pick<SignIn, 'confirm'>
  /** Where browsers reach the server; empty: where the request says. */
  readonly publicUrl: string
}

/** Signing in with an account elsewhere. */
export function singleSignOnRoutes(app: App, options: SingleSignOnRouteOptions): void {
  browserRoutes(app, options)
  tieRoutes(app, options)
}

function browserRoutes(app: App, options: SingleSignOnRouteOptions): void {
  const { singleSignOn } = options
  app.route({
    method: 'GET',
    url: '/api/v1/sign-in-methods',
    config: { access: PUBLIC },
    schema: { tags, summary: 'How one can sign in', response: { 200: signInMethodsSchema } },
    handler: () => ({ singleSignOn: singleSignOn.name === undefined ? null : { name: singleSignOn.name } }),
  })
  app.route({
    method: 'GET',
    url,
    config: { access: PUBLIC },
    schema: {
      tags,
      summary: 'Sign in at the identity provider: for browsers',
      querystring: singleSignOnQuerySchema,
      response: { 302: z.null(), ...problems },
    },
    handler: async (request, reply) => {
      const way = { redirectUri: callbackOf(request, options), ...request.query }
      const departure = await singleSignOn.begin(way).catch((error: unknown) => leadBack(error, request))
      return typeof departure === 'string' ? reply.redirect(departure) : keepFlow(request, reply, departure.flow).redirect(departure.url)
    },
  })
  app.route({
    method: 'GET',
    url: `${url}/callback`,
    config: { access: PUBLIC },
    schema: { tags, summary: 'Where the identity provider sends browsers back to', response: { 200: z.string(), ...problems } },
    handler: async (request, reply) => {
      const answer = { query: request.url.split('?')[1] ?? '', flow: request.cookies[FLOW_COOKIE] }
      const arrival = await singleSignOn.finish(answer, visitorOf(request)).catch((error: unknown) => leadBack(error, request))
      if (typeof arrival === 'string') return reply.redirect(arrival)
      const { token, returnTo } = arrival
      setSessionCookie(request, reply, token)
      return reply.clearCookie(FLOW_COOKIE, { path: url }).type('text/html; charset=utf-8').serializer(String).send(pageTo(returnTo))
    },
  })
}

function tieRoutes(app: App, options: SingleSignOnRouteOptions): void {
  const { singleSignOn, signIn } = options
  app.route({
    method: 'POST',
    url: '/api/v1/me/single-sign-on',
    config: { access: OWN_ACCOUNT },
    schema: {
      tags,
      summary: 'Begin to tie an account of the identity provider to one’s own',
      body: confirmPasswordSchema,
      response: { 200: singleSignOnUrlSchema, ...problems },
    },
    handler: async (request, reply) => {
      const { userId } = userOf(request)
      const way = { redirectUri: callbackOf(request, options), returnTo: '/', userId }
      const { url: target, flow } = await signIn.confirm(userOf(request), request.body.password, () => singleSignOn.begin(way))
      keepFlow(request, reply, flow)
      return { url: target }
    },
  })
  app.route({
    method: 'DELETE',
    url: '/api/v1/me/single-sign-on',
    config: { access: OWN_ACCOUNT },
    schema: { tags, summary: 'End the tie to an account of the identity provider', response: { 204: z.null(), ...problems } },
    handler: async (request, reply) => {
      await singleSignOn.untie(userOf(request), originOf(request))
      return reply.status(204).send(null)
    },
  })
}

function callbackOf(request: FastifyRequest, { publicUrl }: SingleSignOnRouteOptions): string {
  const origin = publicUrl === '' ? `${request.protocol}://${request.host}` : publicUrl.replace(/\/+$/, '')
  return `${origin}${url}/callback`
}

/** Where people go after a failure, who came by a link and not by a program: to the page where they sign in, which says it to them. */
function leadBack(error: unknown, request: FastifyRequest): string {
  const isForPeople = request.headers.accept?.includes('text/html') === true
  if (!isForPeople || !isServerError(error, 'auth.failed', 'server.unavailable')) throw error
  return `/sign-in?singleSignOn=${error.code === 'auth.failed' ? 'refused' : 'unavailable'}`
}

/** Unlike the session's cookie this one comes along when the provider sends the browser back. */
function keepFlow(request: FastifyRequest, reply: FastifyReply, flow: string): FastifyReply {
  const secure = request.protocol === 'https'
  return reply.setCookie(FLOW_COOKIE, flow, { path: url, httpOnly: true, sameSite: 'lax', secure, maxAge: FLOW_SECONDS })
}

/**
 * A page that leads on. A redirect would not do: it would count as caused by the provider's site, and the browser would keep the
 * session's cookie back. The path has no characters that mean anything in HTML but `&`.
 */
function pageTo(path: string): string {
  const target = path.replaceAll('&', '&amp;')
  return `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${target}"><a href="${target}">Holdfast</a>`
}
