import { planDefinitionSchema } from '@holdfast/protocol'
import { SERVER_ORIGIN } from '../audit/audit.ts'
import type { Plans } from './plans.ts'

const DAY_SECONDS = 86_400

/** The folders that a new agent was told to protect, and how often. */
export interface FirstPlanRequest {
  readonly clientId: number
  readonly paths: readonly string[]
  readonly intervalSeconds: number | undefined
}

/** Makes a plan of what a new agent names, unless its client has one. */
export async function ensureFirstPlan(
  { plans, repositories }: { readonly plans: Plans; readonly repositories: { ensureDefault(): Promise<{ readonly id: number }> } },
  { clientId, paths, intervalSeconds = DAY_SECONDS }: FirstPlanRequest,
): Promise<void> {
  if (await plans.hasAny(clientId)) return
  const definition = planDefinitionSchema.parse({
    selection: { paths },
    schedule: { cron: cronOf(intervalSeconds), timeZone: 'UTC', jitterSeconds: 0, catchUp: true },
  })
  const { id: repositoryId } = await repositories.ensureDefault()
  await plans.createFor(clientId, { plan: { ...definition, name: 'Folders', repositoryId, isEnabled: true }, origin: SERVER_ORIGIN })
}

/** The nearest regular times: cron has no intervals. */
export function cronOf(intervalSeconds: number): string {
  const minutes = Math.max(1, Math.round(intervalSeconds / 60))
  if (minutes < 60) return `*/${minutes} * * * *`
  const hours = Math.round(minutes / 60)
  if (hours < 24) return `0 */${hours} * * *`
  const days = Math.round(hours / 24)
  return days === 1 ? '0 3 * * *' : `0 3 */${Math.min(days, 28)} * *`
}
