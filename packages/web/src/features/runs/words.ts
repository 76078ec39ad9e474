import type { LogLevel, Run, RunKind, RunProgress, RunTrigger } from '@holdfast/protocol'
import { useMemo } from 'react'
import { useMessages } from '../../app/language.tsx'
import { isReadWhole } from './estimate.ts'
import { runMessages } from './messages.ts'

/** What people call what runs are made of. */
export interface RunWords {
  kind(kind: RunKind): string
  /** What a run does, where its kind alone does not say it. */
  work(run: Pick<Run, 'kind' | 'isDryRun'>): string
  trigger(trigger: RunTrigger): string
  /** What a run is at now; phases that are not known here keep their own name. */
  doing(progress: RunProgress | null): string
  level(level: LogLevel): string
}

/** The words for runs in the language of the pages. */
export function useRunWords(): RunWords {
  const text = useMessages(runMessages)
  return useMemo(() => {
    const kinds = { backup: text.kindBackup, restore: text.kindRestore, maintenance: text.kindMaintenance, check: text.kindCheck }
    const triggers = {
      schedule: text.triggerSchedule,
      manual: text.triggerManual,
      'catch-up': text.triggerCatchUp,
      retry: text.triggerRetry,
    }
    const levels = { debug: text.levelDebug, info: text.levelInfo, warning: text.levelWarning, error: text.levelError }
    const phases = phasesOf(text)
    return {
      kind: (kind) => kinds[kind],
      work: ({ kind, isDryRun }) => (isDryRun ? text.dryRun : kinds[kind]),
      trigger: (trigger) => triggers[trigger],
      doing: (progress) => {
        const phase = progress?.phase ?? 'starting'
        return isReadWhole(progress) ? text.phaseStoring : (phases.get(phase) ?? phase)
      },
      level: (level) => levels[level],
    }
  }, [text])
}

function phasesOf(text: typeof runMessages.en): ReadonlyMap<string, string> {
  return new Map([
    ['starting', text.phaseStarting],
    ['backup', text.phaseBackup],
    ['restore', text.phaseRestore],
    ['commands before', text.phaseBefore],
    ['commands after', text.phaseAfter],
    ['index files', text.phaseIndexFiles],
    ['packs', text.phasePacks],
    ['trees', text.phaseTrees],
    ['packs repacked', text.phaseRepacked],
    ['packs removed', text.phaseRemoved],
  ])
}
