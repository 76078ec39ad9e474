import type { ChannelConfig } from '@holdfast/protocol'
import type { Message } from '../message.ts'
import { callUrl } from './http-call.ts'
import { sendMail } from './mail.ts'
import { sendNtfy } from './ntfy.ts'
import { sendWebhook } from './webhook.ts'

export interface SendOptions {
  readonly signal: AbortSignal
  /** Milliseconds since 1970. */
  readonly now: number
  /** For links; empty when nobody knows where the server is. */
  readonly publicUrl: string
}

/** Delivers a message. Rejects, with what to do about it, when it was not taken. */
export async function sendMessage(config: ChannelConfig, message: Message, options: SendOptions): Promise<void> {
  switch (config.kind) {
    case 'mail':
      return sendMail(config, message, options)
    case 'webhook':
      return sendWebhook(config, message, options)
    case 'ntfy':
      return sendNtfy(config, message, options)
    case 'ping':
      return callUrl(message.isGood ? config.url : `${config.url.replace(/\/$/, '')}/fail`, { method: 'GET', signal: options.signal })
  }
}
