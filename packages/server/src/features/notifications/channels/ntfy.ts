import type { ChannelConfig } from '@holdfast/protocol'
import { type Message, textOf } from '../message.ts'
import { callUrl } from './http-call.ts'
import type { SendOptions } from './send.ts'

/** ntfy cuts longer messages into attachments. Source: docs.ntfy.sh/config, "message-size-limit". */
const BODY_BYTES_MAX = 4096

/** Publishes a message to a topic of ntfy. */
export async function sendNtfy(
  config: Extract<ChannelConfig, { kind: 'ntfy' }>,
  message: Message,
  { signal, publicUrl }: SendOptions,
): Promise<void> {
  const headers: Record<string, string> = {
    // Headers are latin-1; ntfy decodes RFC 2047.
    title: `=?UTF-8?B?${Buffer.from(message.title).toString('base64')}?=`,
    tags: message.isGood ? 'white_check_mark' : 'warning',
    priority: message.isGood ? 'default' : 'high',
  }
  if (config.token !== undefined) headers.authorization = `Bearer ${config.token}`
  if (message.link !== null && publicUrl !== '') headers.click = new URL(message.link, publicUrl).href
  const body = Buffer.from(textOf(message, '')).subarray(0, BODY_BYTES_MAX).toString('utf8')
  await callUrl(config.url, { method: 'POST', headers, body, signal })
}
