import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'
import { type Access, PUBLIC } from './access.ts'
import type { App } from './app-type.ts'

/** What may be loaded by the page that shows the description: nothing from elsewhere. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'"

/** How each kind of credentials is sent. */
const SECURITY_SCHEMES = {
  session: { type: 'apiKey', in: 'cookie', name: 'holdfast_session' },
  token: { type: 'http', scheme: 'bearer', description: 'An API token of a user.' },
  agent: { type: 'http', scheme: 'bearer', description: 'The token that an agent gets when it comes in.' },
} as const

/**
 * Describes every route that is added afterwards by OpenAPI, from the schemas that it is held to: at `/api/openapi.json`, and for people
 * at `/api/docs`.
 */
export async function registerDocumentation(app: App, { version }: { readonly version: string }): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Holdfast',
        version,
        description:
          'Everything that the pages do. Failures are problem details (RFC 9457); docs/reference/errors.md explains their codes.',
      },
      components: { securitySchemes: SECURITY_SCHEMES },
    },
    transform: (input) => {
      const { schema, url } = jsonSchemaTransform(input as Parameters<typeof jsonSchemaTransform>[0])
      const access = input.route.config?.access ?? PUBLIC
      return { schema: { ...schema, security: securityOf(access), description: describe(access) }, url }
    },
  })
  app.route({
    method: 'GET',
    url: '/api/openapi.json',
    config: { access: PUBLIC },
    schema: { hide: true },
    handler: async (_request, reply) => reply.type('application/json').serializer(JSON.stringify).send(app.swagger()),
  })
  app.addHook('onRoute', (route) => {
    // The plugin adds routes of its own for the page.
    if (route.url.startsWith('/api/docs')) route.config = { ...route.config, access: PUBLIC }
  })
  await app.register(swaggerUi, { routePrefix: '/api/docs', staticCSP: PAGE_POLICY, uiConfig: { url: '/api/openapi.json' } })
}

function securityOf(access: Access): readonly Record<string, string[]>[] {
  switch (access.kind) {
    case 'user':
      return [{ session: [] }, { token: [] }]
    case 'agent':
      return [{ agent: [] }]
    default:
      return []
  }
}

function describe(access: Access): string {
  switch (access.kind) {
    case 'user':
      return `For people with the role ${access.role} or a higher one; by an API token of the scope ${access.scope}.`
    case 'agent':
      return 'For agents.'
    case 'own':
      return `For whoever has ${access.how}.`
    case 'public':
      return 'For everybody.'
  }
}
