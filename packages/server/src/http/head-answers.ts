import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'

/** Answers HEAD with what GET would say of the content, and reads none of it: it would be read to its end for nobody. */
export function registerHeadAnswers(app: FastifyInstance): void {
  app.addHook('onSend', async (request, _reply, payload) => {
    if (request.method !== 'HEAD' || !(payload instanceof Readable)) return payload
    payload.destroy()
    return Readable.from([])
  })
}
