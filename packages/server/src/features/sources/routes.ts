import { sourceKindSchema } from '@holdfast/protocol'
import { z } from 'zod'
import { READ } from '../../http/access.ts'
import type { App } from '../../http/app-type.ts'
import { sourceKinds } from './source-kinds.ts'

/** What can be backed up. */
export function sourceRoutes(app: App): void {
  const kinds = [...sourceKinds()]
  app.route({
    method: 'GET',
    url: '/api/v1/sources',
    config: { access: READ },
    schema: { tags: ['plans'], summary: 'The kinds of sources and their settings', response: { 200: z.array(sourceKindSchema) } },
    handler: () => kinds,
  })
}
