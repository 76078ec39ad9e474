import type { Clock } from '@holdfast/engine'
import type { Clients } from '../clients/clients.ts'
import type { RefreshTask, RepositorySpace } from '../maintenance/refresh-task.ts'
import type { EndedRun } from '../runs/run-lifecycle.ts'
import type { Runs } from '../runs/runs.ts'
import type { Scheduler } from '../scheduling/scheduler.ts'
import type { Message } from './message.ts'
import type { Notifier } from './notifier.ts'

/** Who says what happens. */
export interface EventSources {
  readonly runs: Runs
  readonly scheduler: Scheduler
  readonly clients: Clients
  readonly notifier: Notifier
  readonly indexer: { wake(): void }
  readonly refreshTask: RefreshTask
  readonly repositories: { byId(id: number): Promise<{ readonly name: string }> }
}

/** Connects what happens to clients and runs with those who want to know: channels, the client's own row, the index of files. */
export function tellOfEvents(sources: EventSources, clock: Clock): void {
  const { runs, scheduler, clients, notifier, indexer } = sources
  sources.refreshTask.onSpace((space) => tellOfSpace(sources, { ...space, at: clock.now() }))
  runs.onRunEnded(async (ended) => {
    const { run } = ended
    if (run.kind === 'backup' && run.state === 'finished' && run.clientId !== null) {
      indexer.wake()
      // What is told late says nothing of what is overdue now.
      if (!ended.isOvertaken)
        await notifier.recover(
          `overdue plan ${run.planId}`,
          runMessage(ended, { event: 'run.recovered', title: 'is no longer overdue' }),
          ended.ownerId,
        )
    }
    await tellOfRun(notifier, ended)
  })
  scheduler.onOverdue(async ({ planId, planName, clientId, ownerId, overdueAt }) => {
    const { name } = await clients.byId(clientId)
    const message: Message = {
      event: 'client.overdue',
      title: `${name} is overdue`,
      body: `The plan “${planName}” should have ended well by ${new Date(overdueAt).toISOString()}.`,
      at: clock.now(),
      link: `/clients/${clientId}`,
      isGood: false,
      facts: { clientId, planId },
    }
    await notifier.raise(`overdue plan ${planId}`, message, ownerId)
  })
  clients.listen({
    added: ({ id, name, owner_id }) => {
      const message = {
        event: 'client.new',
        title: `${name} is a new client`,
        body: 'A machine was added.',
        at: clock.now(),
        isGood: true,
      } as const
      return notifier.tell({ ...message, link: `/clients/${id}`, facts: { clientId: id } }, owner_id)
    },
  })
}

async function tellOfSpace(
  { notifier, repositories }: EventSources,
  { repositoryId, freeBytes, capacityBytes, isLow, at }: RepositorySpace & { readonly at: number },
): Promise<void> {
  const { name } = await repositories.byId(repositoryId)
  const percent = Math.floor((100 * freeBytes) / capacityBytes)
  const message: Message = {
    event: 'repository.low-space',
    title: isLow ? `Space for the repository “${name}” runs low` : `The repository “${name}” has space again`,
    body: `${freeBytes} of ${capacityBytes} bytes (${percent}%) are free where it is kept.`,
    at,
    link: `/repositories/${repositoryId}`,
    isGood: !isLow,
    facts: { repositoryId, freeBytes, capacityBytes },
  }
  const alarm = `low space ${repositoryId}`
  await (isLow ? notifier.raise(alarm, message, null) : notifier.recover(alarm, message, null))
}

async function tellOfRun(notifier: Notifier, ended: EndedRun): Promise<void> {
  const { run, ownerId, isOvertaken } = ended
  const alarm = `failed ${run.kind} of ${subjectOf(run)}`
  // What is over, and what only tried, say nothing of how things are now.
  const saysHowItIs = !isOvertaken && !run.isDryRun
  if (run.state === 'error') {
    const message = runMessage(ended, { event: 'run.failed', title: 'failed' })
    await (saysHowItIs ? notifier.raise(alarm, message, ownerId) : notifier.tell(message, ownerId))
  }
  if (run.state !== 'finished') return
  if (saysHowItIs) await notifier.recover(alarm, runMessage(ended, { event: 'run.recovered', title: 'ended well again' }), ownerId)
  await notifier.tell(runMessage(ended, { event: 'run.finished', title: 'ended well' }), ownerId)
}

/** What fails and is well again: plans, clients and repositories have the same numbers. */
function subjectOf({ planId, clientId, repositoryId }: EndedRun['run']): string {
  if (planId !== null) return `plan ${planId}`
  return clientId === null ? `repository ${repositoryId}` : `client ${clientId}`
}

/** What ran, and whose it was: people read no more than that on a phone. */
function titleOf({ id, kind, clientName, planName, repositoryName }: EndedRun['run']): string {
  const plan = planName === null ? '' : ` “${planName}”`
  return `${clientName ?? repositoryName ?? 'Holdfast'}: ${kind}${plan} (run ${id})`
}

function runMessage({ run }: EndedRun, { event, title }: { readonly event: Message['event']; readonly title: string }): Message {
  return {
    event,
    title: `${titleOf(run)} ${title}`,
    body: run.error === null ? `The ${run.kind} ended with “${run.state}”.` : run.error.message,
    at: run.finishedAt === null ? Date.parse(run.createdAt) : Date.parse(run.finishedAt),
    link: `/runs/${run.id}`,
    isGood: run.state === 'finished',
    facts: { runId: run.id, clientId: run.clientId, planId: run.planId },
  }
}
