import { createHmac } from 'node:crypto'
import type { ChannelConfig } from '@holdfast/protocol'
import type { Message } from '../message.ts'
import { callUrl } from './http-call.ts'
import type { SendOptions } from './send.ts'

/** Posts a message as JSON, signed so that the receiver knows who sent it and when. */
export async function sendWebhook(
  config: Extract<ChannelConfig, { kind: 'webhook' }>,
  message: Message,
  { signal, now }: SendOptions,
): Promise<void> {
  const body = JSON.stringify({ ...message, at: new Date(message.at).toISOString() })
  const seconds = Math.floor(now / 1000)
  const headers = { 'content-type': 'application/json', 'x-holdfast-signature': webhookSignature(config.secret, { seconds, body }) }
  await callUrl(config.url, { method: 'POST', headers, body, signal })
}

/** The value of the header by which a receiver checks a message. */
export function webhookSignature(secret: string, { seconds, body }: { readonly seconds: number; readonly body: string }): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`
}
