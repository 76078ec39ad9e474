import { z } from 'zod'
import { idSchema, timeSchema } from './fields.ts'

/** What a channel can be told of. */
export const notificationEventSchema = z.enum([
  'run.failed',
  'run.recovered',
  'run.finished',
  'client.overdue',
  'client.new',
  'repository.low-space',
  'summary',
])
export type NotificationEvent = z.output<typeof notificationEventSchema>

/** Without name and password: what is no secret here is shown again, and told when it cannot be reached. */
const urlSchema = z
  .url({ protocol: /^https?$/ })
  .max(2000)
  .refine((url) => !/^https?:[/\\]*[^/\\?#]*@/i.test(url), 'must hold no user name and no password')

export const mailChannelSchema = z.object({
  kind: z.literal('mail'),
  host: z.string().min(1).max(255),
  port: z.int().min(1).max(65_535).default(587),
  /** `tls` from the first byte, `starttls` refuses to go on without it, `none` is for a relay on the same machine. */
  security: z.enum(['tls', 'starttls', 'none']).default('starttls'),
  username: z.string().max(200).optional(),
  /** A secret: taken, never given. */
  password: z.string().max(500).optional(),
  from: z.email().max(300),
  to: z.array(z.email().max(300)).min(1).max(50),
})

export const webhookChannelSchema = z.object({
  kind: z.literal('webhook'),
  url: urlSchema,
  /** Signs each message: `X-Holdfast-Signature: t=<seconds>,v1=<HMAC-SHA-256 of "<seconds>.<body>" in hex>`. A secret. */
  secret: z.string().min(16).max(500),
})

export const ntfyChannelSchema = z.object({
  kind: z.literal('ntfy'),
  /** Of the topic: `https://ntfy.example/backups`. */
  url: urlSchema,
  /** A secret. */
  token: z.string().max(500).optional(),
})

/** A check of Healthchecks or the like: asked for `<url>` after success, `<url>/fail` after failure. */
export const pingChannelSchema = z.object({ kind: z.literal('ping'), url: urlSchema })

export const channelConfigSchema = z.discriminatedUnion('kind', [
  mailChannelSchema,
  webhookChannelSchema,
  ntfyChannelSchema,
  pingChannelSchema,
])
export type ChannelConfig = z.output<typeof channelConfigSchema>

/** When the periodic summary goes out. */
export const summaryScheduleSchema = z.object({
  every: z.enum(['day', 'week']),
  /** Hour of the day, in that zone. */
  hour: z.int().min(0).max(23).default(7),
  timeZone: z.string().max(100).default('UTC'),
})
export type SummarySchedule = z.output<typeof summaryScheduleSchema>

export const newChannelSchema = z.object({
  name: z.string().min(1).max(200),
  isEnabled: z.boolean().default(true),
  events: z.array(notificationEventSchema).min(1),
  summary: summaryScheduleSchema.nullable().default(null),
  config: channelConfigSchema,
})
export type NewChannel = z.output<typeof newChannelSchema>

/** Replaces a channel of the same kind. Secrets that are left out stay as they are; an empty one is taken away. */
export const changeChannelSchema = newChannelSchema.extend({
  config: z.discriminatedUnion('kind', [
    mailChannelSchema,
    webhookChannelSchema.partial({ secret: true }),
    ntfyChannelSchema,
    pingChannelSchema,
  ]),
})
export type ChangeChannel = z.output<typeof changeChannelSchema>

export const channelSchema = z.object({
  id: idSchema,
  name: z.string(),
  ownerId: idSchema,
  isEnabled: z.boolean(),
  events: z.array(notificationEventSchema),
  summary: summaryScheduleSchema.nullable(),
  kind: z.enum(['mail', 'webhook', 'ntfy', 'ping']),
  /** The configuration without its secrets. */
  config: z.record(z.string(), z.unknown()),
  createdAt: timeSchema,
  lastSentAt: timeSchema.nullable(),
  lastError: z.string().nullable(),
})
export type Channel = z.output<typeof channelSchema>

/** What came of a test message. */
export const channelTestSchema = z.object({ isDelivered: z.boolean(), detail: z.string() })
