import { isEngineError } from '@holdfast/engine'
import type { Problem } from '@holdfast/protocol'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { isServerError } from '../errors.ts'
import { fieldProblemsOf } from './field-problems.ts'

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Forbidden',
  404: 'Not found',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Invalid request',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Unavailable',
}

/** The engine's failures that a request can cause, with their status; any other is ours. */
const ENGINE_STATUS: Readonly<Record<string, number>> = {
  'snapshot.not-found': 404,
  'path.not-found': 404,
  'input.invalid': 422,
  'repository.missing': 422,
  'repository.exists': 409,
  'repository.password': 422,
  'repository.locked': 409,
  'repository.version': 422,
  'storage.location': 422,
  'storage.denied': 422,
  'storage.host-key': 422,
  'storage.unavailable': 503,
  'storage.full': 507,
  'operation.cancelled': 503,
}

/** Answers every failure with problem details (RFC 9457). What is our fault is logged whole and answered without its details. */
export function registerProblems(app: FastifyInstance): void {
  app.setErrorHandler(answerFailure)
  app.setNotFoundHandler((request, reply) => {
    const detail = `Cannot find ${request.method} ${request.url.split('?')[0]}: there is no such route`
    return sendProblem(reply, { request, problem: problem(404, { code: 'not-found', detail }) })
  })
}

/** Answers a request with what was thrown. */
export function answerFailure(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendProblem(reply, { request, problem: problemOf(error), error })
}

/** The HTTP status of anything that was thrown. */
export function statusOf(error: FastifyError | Error): number {
  return problemOf(error).status
}

/** The problem details of anything that was thrown. */
function problemOf(error: FastifyError | Error): Problem {
  if (isServerError(error)) {
    const { retryAfterSeconds, fields } = error
    return {
      ...problem(error.status, { code: error.code, detail: error.message }),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      ...(fields === undefined ? {} : { fields: [...fields] }),
    }
  }
  if (isEngineError(error)) {
    const status = ENGINE_STATUS[error.code]
    if (status !== undefined) return problem(status, { code: error.code, detail: error.message })
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const fields = error.validation.flatMap(fieldProblemsOf)
    const detail = `Cannot take the request: ${fields.map(({ path, message }) => `${path.slice(1) || 'body'} ${message}`).join('; ')}`
    return { ...problem(422, { code: 'request.invalid', detail }), fields }
  }
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500
  if (status >= 400 && status < 500)
    return problem(status, { code: 'request.invalid', detail: `Cannot take the request: ${error.message}` })
  return problem(500, { code: 'internal', detail: 'Cannot answer: something failed in the server; its log says what' })
}

function problem(status: number, { code, detail }: Pick<Problem, 'code' | 'detail'>): Problem {
  return { type: `urn:holdfast:problem:${code}`, title: TITLES[status] ?? 'Error', status, detail, code }
}

function sendProblem(
  reply: FastifyReply,
  { request, problem, error }: { readonly request: FastifyRequest; readonly problem: Problem; readonly error?: Error },
): FastifyReply {
  if (problem.status >= 500) request.log.error({ err: error }, 'a request failed')
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer')
  if (isServerError(error) && error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds)
  return reply.status(problem.status).type('application/problem+json').serializer(JSON.stringify).send(problem)
}
