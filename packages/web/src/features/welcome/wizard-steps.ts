import type { Run, Setup } from '@holdfast/protocol'

/** The steps from the first login to the first backup, in their order. */
export const WIZARD_STEPS = ['password', 'repository', 'machine', 'folders', 'backup'] as const
export type WizardStep = (typeof WIZARD_STEPS)[number]

/** What the address says of the way. */
export interface WizardPlace {
  readonly step: WizardStep | undefined
  readonly clientId: number | undefined
  readonly runId: number | undefined
}

/** Takes of an address what fits; the rest is as if it was not there. */
export function readWizardPlace(search: Readonly<Record<string, unknown>>): WizardPlace {
  const { step, client, run } = search
  return { step: WIZARD_STEPS.find((one) => one === step), clientId: idOf(client), runId: idOf(run) }
}

/** The step to show: the one that the address wants, unless one before it has to be done first. */
export function stepToShow({ step, clientId, runId }: WizardPlace, setup: Setup): WizardStep {
  const open = openSteps({ clientId, runId }, setup)
  if (step !== undefined && open.includes(step)) return step
  return open.at(-1) ?? 'password'
}

/** Whether there may be a backup that was not begun here: the command that starts the server makes one of the folders it is given. */
export function mayHaveBegunElsewhere({ step, clientId, runId }: WizardPlace, setup: Setup): boolean {
  const isAtStart = step === undefined && clientId === undefined && runId === undefined
  return isAtStart && setup.hasClient && !setup.isPasswordGenerated && setup.defaultRepositoryId !== null
}

/** The place on the way where a backup has led; where one was when there is none. */
export function withBackup(place: WizardPlace, backup: Pick<Run, 'id' | 'clientId'> | undefined): WizardPlace {
  return backup === undefined ? place : { ...place, clientId: backup.clientId ?? undefined, runId: backup.id }
}

/** The steps that can be shown now, the last one being the next to do. A password that is one's own, once set, is not asked for again. */
export function openSteps({ clientId, runId }: Pick<WizardPlace, 'clientId' | 'runId'>, setup: Setup): readonly WizardStep[] {
  if (setup.isPasswordGenerated) return ['password']
  if (setup.defaultRepositoryId === null) return ['repository']
  const steps: WizardStep[] = ['machine']
  if (clientId !== undefined) steps.push('folders')
  if (runId !== undefined) steps.push('backup')
  return steps
}

/** Whether a step lies behind. */
export function isDone(step: WizardStep, current: WizardStep): boolean {
  return WIZARD_STEPS.indexOf(step) < WIZARD_STEPS.indexOf(current)
}

function idOf(value: unknown): number | undefined {
  return typeof value === 'string' && /^[1-9]\d{0,9}$/.test(value) ? Number(value) : undefined
}
