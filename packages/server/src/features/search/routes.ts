import { fileSearchPageSchema, fileSearchQuerySchema, fileVersionsQuerySchema, fileVersionsSchema, problemSchema } from '@holdfast/protocol'
import { READ } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import type { FileSearch } from './file-search.ts'

const TAGS = ['files']

/** The search for files in all snapshots. */
export function searchRoutes(app: App, { fileSearch }: { readonly fileSearch: FileSearch }): void {
  app.route({
    method: 'GET',
    url: '/api/v1/files',
    config: { access: READ },
    schema: {
      tags: TAGS,
      summary: 'Files and folders by their names, in all snapshots',
      querystring: fileSearchQuerySchema,
      response: { 200: fileSearchPageSchema, 404: problemSchema },
    },
    handler: (request) => fileSearch.search(userOf(request), request.query),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/files/versions',
    config: { access: READ },
    schema: {
      tags: TAGS,
      summary: 'All versions of one file',
      querystring: fileVersionsQuerySchema,
      response: { 200: fileVersionsSchema, 404: problemSchema },
    },
    handler: (request) => fileSearch.versions(userOf(request), request.query),
  })
}
