import type { ChannelConfig } from '@holdfast/protocol'
import { createTransport } from 'nodemailer'
import { type Message, textOf } from '../message.ts'
import type { SendOptions } from './send.ts'

const TIMEOUT_MS = 20_000

/** Sends a message by SMTP. */
export async function sendMail(
  config: Extract<ChannelConfig, { kind: 'mail' }>,
  message: Message,
  { signal, publicUrl }: SendOptions,
): Promise<void> {
  const { host, port, security, username, password = '' } = config
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    ...(username === undefined ? {} : { auth: { user: username, pass: password } }),
  })
  const close = (): void => transport.close()
  signal.addEventListener('abort', close, { once: true })
  try {
    await transport.sendMail({
      from: config.from,
      to: [...config.to],
      subject: `[Holdfast] ${message.title}`,
      text: textOf(message, publicUrl),
      // Tells mail programs that nobody reads answers, and keeps out-of-office replies away (RFC 3834).
      headers: { 'auto-submitted': 'auto-generated' },
    })
  } finally {
    signal.removeEventListener('abort', close)
    transport.close()
  }
}
