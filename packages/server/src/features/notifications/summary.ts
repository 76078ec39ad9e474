import type { SummarySchedule } from '@holdfast/protocol'
import type { Message } from './message.ts'
import type { NotificationStore } from './store.ts'

const DAY_MS = 86_400_000

/** What the periodic summary says: how runs ended since the last one, and each client with the age of its last backup. */
export async function summaryMessage(
  store: NotificationStore,
  { owner, every, now }: { readonly owner: number | undefined; readonly every: SummarySchedule['every']; readonly now: number },
): Promise<Message> {
  const runs = await store.countRuns(owner, now - (every === 'day' ? 1 : 7) * DAY_MS)
  const clients = await store.clientsOf(owner)
  const [finished, failed] = [runs.get('finished') ?? 0, runs.get('error') ?? 0]
  const lines = clients.map(({ name, last_backup_at }) => `${name}: ${ageOf(last_backup_at, now)}`)
  return {
    event: 'summary',
    title: `${finished} runs finished, ${failed} failed in the last ${every}`,
    body: lines.length === 0 ? 'There are no clients yet.' : `Last backups:\n${lines.join('\n')}`,
    at: now,
    link: '/',
    isGood: failed === 0,
    facts: { finished, failed, clients: clients.length },
  }
}

function ageOf(at: number | null, now: number): string {
  if (at === null) return 'never backed up'
  const hours = Math.max(0, Math.round((now - at) / 3_600_000))
  return hours < 48 ? `${hours} hours ago` : `${Math.round(hours / 24)} days ago`
}
