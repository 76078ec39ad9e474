import type { AttentionItem, AttentionKind } from '@holdfast/protocol'
import type { attentionMessages } from './attention-messages.ts'

/** What to say of something that needs somebody, and where to go. */
export interface AttentionWords {
  readonly title: string
  readonly help: string
  /** What the time of the item is, where a time alone would be taken for that of the error. */
  readonly sinceLabel: string
  readonly link: { readonly label: string; readonly to: string; readonly search?: Readonly<Record<string, string>> }
}

type Text = (typeof attentionMessages)['en']

/** The words for an item, in the language of `text`. */
export function attentionWords(item: AttentionItem, text: Text): AttentionWords {
  const client = item.clientName ?? ''
  const plan = item.planName ?? ''
  const repository = item.repositoryName ?? ''
  const figure = item.figure ?? 0
  const toClient = { label: text.openClient, to: `/clients/${item.clientId}` }
  const toPlan = { label: text.openPlan, to: `/plans/${item.planId}` }
  const toRun = { label: text.seeRun, to: `/runs/${item.runId}` }
  const toRepository = { label: text.openRepository, to: `/repositories/${item.repositoryId}` }
  const toRunOf = (otherwise: AttentionWords['link']): AttentionWords['link'] => (item.runId === null ? otherwise : toRun)
  const words = {
    'plan-failed': [text.planFailed(client, plan), text.planFailedHelp, toRunOf(toPlan)],
    'plan-incomplete': [text.planIncomplete(client, plan, figure), text.planIncompleteHelp, toRunOf(toPlan)],
    'plan-overdue': [text.planOverdue(client, plan), text.planOverdueHelp, toClient],
    'client-overdue': [text.clientOverdue(client), text.clientOverdueHelp, toClient],
    'client-never-backed-up': [text.neverBackedUp(client), text.neverBackedUpHelp, toClient],
    'agent-never-came': [
      text.neverCame(client),
      text.neverCameHelp,
      { label: text.bringIn, to: toClient.to, search: { tab: 'access', enrol: '1' } },
    ],
    'agent-silent': [text.silent(client), text.silentHelp, toClient],
    'repository-unreachable': [text.unreachable(repository), text.unreachableHelp, toRepository],
    'repository-check-failed': [text.checkFailed(repository), text.checkFailedHelp, toRunOf(toRepository)],
    'repository-check-unfinished': [text.checkUnfinished(repository), text.checkUnfinishedHelp, toRunOf(toRepository)],
    'repository-never-checked': [text.neverChecked(repository), text.neverCheckedHelp, toRepository],
    'repository-not-read': [text.notRead(repository, figure), text.notReadHelp, toRepository],
    'repository-maintenance-failed': [text.maintenanceFailed(repository), text.maintenanceFailedHelp, toRunOf(toRepository)],
    'repository-low-space': [text.lowSpace(repository, figure), text.lowSpaceHelp, toRepository],
    'repository-filling': [text.filling(repository, figure), text.fillingHelp, toRepository],
  } as const satisfies Readonly<Record<AttentionKind, readonly [string, string, AttentionWords['link']]>>
  const [title, help, link]: readonly [string, string, AttentionWords['link']] = words[item.kind]
  return { title, help, link, sinceLabel: item.kind === 'plan-failed' ? text.firstFailed : '' }
}
