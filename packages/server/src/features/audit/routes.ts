import { auditPageSchema, auditQuerySchema, problemSchema } from '@holdfast/protocol'
import { ADMIN } from '../../http/access.ts'
import type { App } from '../../http/app-type.ts'
import type { Audit } from './audit.ts'

/** What was done, by whom, and from where. */
export function auditRoutes(app: App, { audit }: { readonly audit: Audit }): void {
  app.route({
    method: 'GET',
    url: '/api/v1/audit',
    config: { access: ADMIN },
    schema: {
      tags: ['audit'],
      summary: 'What was done, newest first',
      querystring: auditQuerySchema,
      response: { 200: auditPageSchema, 422: problemSchema },
    },
    handler: (request) => audit.list(request.query),
  })
}
