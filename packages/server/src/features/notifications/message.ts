import type { NotificationEvent } from '@holdfast/protocol'

/** Something that happened and that people want to know. */
export interface Message {
  readonly event: NotificationEvent | 'test'
  /** One line. */
  readonly title: string
  /** Plain text, any number of lines. */
  readonly body: string
  /** When it happened, milliseconds since 1970. */
  readonly at: number
  /** Path of the page about it, `/runs/7`. */
  readonly link: string | null
  /** Whether all is well now: what check services ask for. */
  readonly isGood: boolean
  /** Facts for programs. */
  readonly facts: Readonly<Record<string, string | number | null>>
}

/** A message with its text as people get it. */
export function textOf(message: Message, publicUrl: string): string {
  const link = message.link === null || publicUrl === '' ? '' : `\n\n${new URL(message.link, publicUrl).href}`
  return `${message.body}${link}\n`
}
