import { messageOf } from '@holdfast/engine'
import { changeChannelSchema, channelSchema, channelTestSchema, idTextSchema, newChannelSchema, problemSchema } from '@holdfast/protocol'
import { z } from 'zod'
import { MANAGE, READ } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { originOf } from '../audit/audit.ts'
import type { ChannelList } from './channel-list.ts'
import type { Notifier } from './notifier.ts'

const TAGS = ['notifications']
const byId = z.object({ id: idTextSchema })
const failures = { 404: problemSchema, 422: problemSchema }

/** Channels for notifications. */
export function notificationRoutes(
  app: App,
  { channels, notifier }: { readonly channels: ChannelList; readonly notifier: Notifier },
): void {
  app.route({
    method: 'GET',
    url: '/api/v1/channels',
    config: { access: READ },
    schema: { tags: TAGS, summary: 'Channels that you may see', response: { 200: z.array(channelSchema) } },
    handler: (request) => channels.list(userOf(request)),
  })
  app.route({
    method: 'POST',
    url: '/api/v1/channels',
    config: { access: MANAGE },
    schema: { tags: TAGS, summary: 'Add a channel', body: newChannelSchema, response: { 201: channelSchema, 422: problemSchema } },
    handler: async (request, reply) => reply.status(201).send(await channels.add(userOf(request), request.body, originOf(request))),
  })
  app.route({
    method: 'PUT',
    url: '/api/v1/channels/:id',
    config: { access: MANAGE },
    schema: {
      tags: TAGS,
      summary: 'Replace a channel',
      params: byId,
      body: changeChannelSchema,
      response: { 200: channelSchema, ...failures },
    },
    handler: (request) => channels.replace(userOf(request), { id: request.params.id, channel: request.body }, originOf(request)),
  })
  app.route({
    method: 'DELETE',
    url: '/api/v1/channels/:id',
    config: { access: MANAGE },
    schema: { tags: TAGS, summary: 'Remove a channel', params: byId, response: { 204: z.null(), ...failures } },
    handler: async (request, reply) => {
      await channels.remove(userOf(request), request.params.id, originOf(request))
      return reply.status(204).send(null)
    },
  })
  app.route({
    method: 'POST',
    url: '/api/v1/channels/:id/test',
    config: { access: MANAGE },
    schema: { tags: TAGS, summary: 'Send a test message', params: byId, response: { 200: channelTestSchema, ...failures } },
    handler: async (request) => {
      const channel = await channels.visible(userOf(request), request.params.id)
      return notifier.test(channel).then(
        () => ({ isDelivered: true, detail: 'The message was taken.' }),
        (error: unknown) => ({ isDelivered: false, detail: messageOf(error) }),
      )
    },
  })
}
