import { settingSchema } from '@holdfast/protocol'
import { z } from 'zod'
import type { Settings } from '../../config/settings.ts'
import { ADMIN } from '../../http/access.ts'
import type { App } from '../../http/app-type.ts'
import { describeSettings } from './describe-settings.ts'

/** What the server runs with. It is changed where it comes from, never over the network. */
export function settingRoutes(app: App, { settings }: { readonly settings: Settings }): void {
  app.route({
    method: 'GET',
    url: '/api/v1/settings',
    config: { access: ADMIN },
    schema: {
      tags: ['operation'],
      summary: 'The settings that the server runs with, without secrets',
      response: { 200: z.array(settingSchema) },
    },
    handler: () => describeSettings(settings),
  })
}
