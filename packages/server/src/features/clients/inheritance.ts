import { type ClientSettings, clientSettingsSchema, type Hooks, type Limits, type PlanDefinition, type Retention } from '@holdfast/protocol'

/** What counts on a client for one of its plans. */
export interface EffectiveSettings {
  readonly hooks: Hooks
  readonly limits: Limits
  /** Null: everything is kept. */
  readonly retention: Retention | null
}

/** The settings of a client, with defaults for those that its row was stored without. */
export function settingsOf({ settings }: { readonly settings: string }): ClientSettings {
  return clientSettingsSchema.parse(JSON.parse(settings))
}

/**
 * Puts the settings of owner, client and plan together. Retention is the plan's, else the client's, else the owner's, each as a whole.
 * Commands are the client's first, then the plan's. Of limits, the tighter one counts, and all blackouts do.
 */
export function effectiveSettings(
  owner: { readonly retention: Retention | null },
  client: ClientSettings,
  plan: PlanDefinition | undefined,
): EffectiveSettings {
  return {
    retention: plan?.retention ?? client.retention ?? owner.retention,
    hooks: {
      pre: [...client.hooks.pre, ...(plan?.hooks.pre ?? [])],
      post: [...client.hooks.post, ...(plan?.hooks.post ?? [])],
      onFailure: [...client.hooks.onFailure, ...(plan?.hooks.onFailure ?? [])],
    },
    limits: tighterLimits(client.limits, plan?.limits),
  }
}

function tighterLimits(client: Limits, plan: Limits | undefined): Limits {
  const bounds = (['uploadBytesPerSecond', 'downloadBytesPerSecond', 'maxDurationMinutes'] as const).map((name) => {
    const values = [client[name], plan?.[name]].filter((value) => value !== undefined)
    return values.length === 0 ? {} : { [name]: Math.min(...values) }
  })
  return Object.assign({ blackouts: [...client.blackouts, ...(plan?.blackouts ?? [])] }, ...bounds) as Limits
}
