import { aboutSchema } from '@holdfast/protocol'
import { READ } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import type { ServerFacts } from './service.ts'

/** What the server is made of, for people who look after it or ask for help. */
export function aboutRoutes(app: App, { serverFacts }: { readonly serverFacts: ServerFacts }): void {
  app.route({
    method: 'GET',
    url: '/api/v1/about',
    config: { access: READ },
    schema: {
      tags: ['operation'],
      summary: 'Versions of the server, its database and the programs that it found; administrators see where they are',
      response: { 200: aboutSchema },
    },
    handler: (request) => serverFacts.get(userOf(request)),
  })
}
