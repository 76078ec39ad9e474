import type { ChannelConfig } from '@holdfast/protocol'
import type { Generated } from 'kysely'

/** Rows of the tables of notifications. */
export interface NotificationTables {
  channels: ChannelRow
  deliveries: DeliveryRow
  alarms: { readonly name: string; readonly since: number }
}

export interface ChannelRow {
  readonly id: Generated<number>
  readonly owner_id: number
  readonly name: string
  readonly kind: ChannelConfig['kind']
  readonly is_enabled: number
  /** JSON list. */
  readonly events: string
  /** JSON of the schedule of summaries; null for none. */
  readonly summary: string | null
  readonly next_summary_at: number | null
  /** Sealed JSON. */
  readonly sealed_config: string
  readonly created_at: number
  readonly last_sent_at: number | null
  readonly last_error: string | null
}

export interface DeliveryRow {
  readonly id: Generated<number>
  readonly channel_id: number
  /** JSON of the message. */
  readonly message: string
  readonly attempts: number
  readonly next_attempt_at: number
  readonly created_at: number
}
