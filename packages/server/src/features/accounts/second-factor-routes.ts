import {
  changeSecondFactorSchema,
  confirmPasswordSchema,
  confirmSecondFactorSchema,
  problemSchema,
  recoveryCodesSchema,
  secondFactorSchema,
  secondFactorSecretSchema,
} from '@holdfast/protocol'
import { z } from 'zod'
import { OWN_ACCOUNT } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { originOf } from '../audit/audit.ts'
import type { SecondFactors } from './second-factor.ts'
import type { SignIn } from './sign-in.ts'

const tags = ['accounts']
const problems = { 401: problemSchema, 409: problemSchema, 422: problemSchema, 429: problemSchema }
const url = '/api/v1/me/second-factor'

export interface SecondFactorRouteOptions {
  readonly secondFactors: SecondFactors
  /** Asks for the password before anything is changed: a stolen session must not lock its owner out. */
  readonly signIn: Pick<SignIn, 'confirm'>
}

/** Setting up the second factor of one's own, and getting rid of it. */
export function secondFactorRoutes(app: App, options: SecondFactorRouteOptions): void {
  setUpRoutes(app, options)
  changeRoutes(app, options)
}

function setUpRoutes(app: App, { secondFactors, signIn }: SecondFactorRouteOptions): void {
  app.route({
    method: 'GET',
    url,
    config: { access: OWN_ACCOUNT },
    schema: { tags, summary: 'Whether one has a second factor', response: { 200: secondFactorSchema } },
    handler: (request) => secondFactors.get(userOf(request)),
  })
  app.route({
    method: 'POST',
    url,
    config: { access: OWN_ACCOUNT },
    schema: {
      tags,
      summary: 'Begin to set up an authenticator',
      body: confirmPasswordSchema,
      response: { 200: secondFactorSecretSchema, ...problems },
    },
    handler: (request) => signIn.confirm(userOf(request), request.body.password, (user) => secondFactors.begin(user)),
  })
  app.route({
    method: 'POST',
    url: `${url}/confirm`,
    config: { access: OWN_ACCOUNT },
    schema: {
      tags,
      summary: 'Show that the authenticator works; from now on its codes are asked for',
      body: confirmSecondFactorSchema,
      response: { 200: recoveryCodesSchema, ...problems },
    },
    handler: async (request) => ({
      recoveryCodes: [...(await secondFactors.confirm(userOf(request), request.body.code, originOf(request)))],
    }),
  })
}

function changeRoutes(app: App, { secondFactors, signIn }: SecondFactorRouteOptions): void {
  app.route({
    method: 'POST',
    url: `${url}/recovery-codes`,
    config: { access: OWN_ACCOUNT },
    schema: {
      tags,
      summary: 'Make new recovery codes; the old ones end',
      body: changeSecondFactorSchema,
      response: { 200: recoveryCodesSchema, ...problems },
    },
    handler: (request) =>
      signIn.confirm(userOf(request), request.body.password, async (user) => ({
        recoveryCodes: [...(await secondFactors.renewRecoveryCodes(user, request.body, originOf(request)))],
      })),
  })
  app.route({
    method: 'POST',
    url: `${url}/remove`,
    config: { access: OWN_ACCOUNT },
    schema: {
      tags,
      summary: 'Do without a second factor again',
      body: changeSecondFactorSchema,
      response: { 204: z.null(), ...problems },
    },
    handler: async (request, reply) => {
      await signIn.confirm(userOf(request), request.body.password, (user) => secondFactors.remove(user, request.body, originOf(request)))
      return reply.status(204).send(null)
    },
  })
}
