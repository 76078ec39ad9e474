import type { ChangePlan, NewPlan, Plan, Retention, Schedule, Selection } from '@holdfast/protocol'
import { type LimitsDraft, limitsDraftOf, limitsOf } from '../clients/client-draft.ts'

/** A plan as its form has it. */
export interface PlanDraft extends Pick<NewPlan, 'hooks' | 'compression'> {
  readonly name: string
  /** Undefined: the default one. */
  readonly repositoryId: number | undefined
  readonly isEnabled: boolean
  readonly selection: Selection
  readonly schedule: Schedule
  readonly retention: Retention | null
  readonly limits: LimitsDraft
  readonly tags: readonly string[]
}

interface NewDraftOptions {
  readonly name: string
  readonly timeZone: string
  /** What was chosen before there was a plan. */
  readonly paths?: readonly string[]
}

/** What a new plan begins with. */
export function newDraft({ name, timeZone, paths = [] }: NewDraftOptions): PlanDraft {
  return {
    name,
    repositoryId: undefined,
    isEnabled: true,
    selection: {
      paths: [...paths],
      excludes: [],
      caseInsensitiveExcludes: [],
      excludeCaches: true,
      excludeIfPresent: [],
      oneFileSystem: false,
    },
    schedule: { cron: '30 2 * * *', timeZone, jitterSeconds: 0, catchUp: true },
    hooks: { pre: [], post: [], onFailure: [] },
    retention: null,
    limits: limitsDraftOf({ blackouts: [] }),
    tags: [],
    compression: 'auto',
  }
}

/** The form of a plan before anything is changed. */
export function draftOf(plan: Plan): PlanDraft {
  const { name, repositoryId, isEnabled, selection, schedule, hooks, retention, limits, tags, compression } = plan
  return { name, repositoryId, isEnabled, selection, schedule, hooks, retention, limits: limitsDraftOf(limits), tags, compression }
}

/** What the server is told of a new plan. */
export function newPlanOf({ repositoryId, limits, tags, ...draft }: PlanDraft): NewPlan {
  return { ...draft, ...(repositoryId === undefined ? {} : { repositoryId }), limits: limitsOf(limits), tags: [...tags] }
}

/** What of a plan its form says otherwise; nothing while they agree. */
export function changesOf(plan: Plan, draft: PlanDraft): ChangePlan {
  const before: Readonly<Record<string, unknown>> = { ...newPlanOf(draftOf(plan)) }
  const changed = Object.entries(newPlanOf(draft)).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]))
  return Object.fromEntries(changed)
}
