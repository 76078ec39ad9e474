import helmet from '@fastify/helmet'
import type { App } from './app-type.ts'

/**
 * What pages of this server may do: load from here alone, be framed by nobody, and send forms nowhere else. Styles may be inline: the
 * components of the pages set some by script. Handlers that send what is not ours have a stricter policy of their own.
 */
const POLICY = {
  'default-src': ["'self'"],
  'base-uri': ["'none'"],
  'connect-src': ["'self'"],
  'font-src': ["'self'", 'data:'],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
  'img-src': ["'self'", 'data:', 'blob:'],
  'object-src': ["'none'"],
  'script-src': ["'self'"],
  'script-src-attr': ["'none'"],
  'style-src': ["'self'", "'unsafe-inline'"],
}

/** Answers about somebody's things; others, such as the description of the API, are the same for all. */
const NOT_STORED = /^\/(api\/(v1|clients|login|register_user)|agent)(\/|$)/

/**
 * Headers that tell browsers to be strict, on every answer. Answers of the API are not stored anywhere, unless their handler says
 * otherwise.
 */
export async function registerSecurityHeaders(app: App, { isHttps }: { readonly isHttps: boolean }): Promise<void> {
  await app.register(helmet, {
    // Not `upgrade-insecure-requests`, which the defaults have: a server on a home network may have no certificate.
    contentSecurityPolicy: { useDefaults: false, directives: POLICY },
    strictTransportSecurity: isHttps,
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'same-origin' },
  })
  app.addHook('onRequest', async (request, reply) => {
    if (NOT_STORED.test(request.url)) reply.header('cache-control', 'no-store')
  })
}
