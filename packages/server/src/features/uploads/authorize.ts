import { notFound, ServerError } from '../../errors.ts'
import type { AgentActor } from '../../http/actor.ts'
import { sizeInWords } from '../../size-words.ts'
import type { Clients } from '../clients/clients.ts'
import { settingsOf } from '../clients/inheritance.ts'
import type { RunStore } from '../runs/store.ts'
import type { SnapshotStore } from '../snapshots/store.ts'
import type { UploadClient } from './uploads.ts'

/**
 * Whether an agent may upload into a repository: while it carries out a run of its own that goes there.
 * @throws {ServerError} `not-found` when it may not; `quota.exceeded`.
 */
export async function authorizeUpload(
  {
    clients,
    runStore,
    snapshotStore,
    accounts,
  }: {
    readonly clients: Clients
    readonly runStore: RunStore
    readonly snapshotStore: SnapshotStore
    readonly accounts: { get(id: number): Promise<{ readonly username: string }> }
  },
  agent: AgentActor,
  { repositoryId, runId }: { readonly repositoryId: number; readonly runId: number | null },
): Promise<UploadClient> {
  const run = runId === null ? undefined : await runStore.find(runId)
  const isOwn = run !== undefined && run.client_id === agent.clientId && run.state === 'running' && run.kind === 'backup'
  if (!isOwn || run.repository_id !== repositoryId) throw notFound(`a run that uploads into the repository ${repositoryId}`)
  const client = await clients.byId(agent.clientId)
  const { quotaBytes } = settingsOf(client)
  if (quotaBytes !== null && (await snapshotStore.storedBytes(client.id)) >= quotaBytes) {
    const state = `its snapshots take up the ${sizeInWords(quotaBytes)} that it may have`
    throw new ServerError('quota.exceeded', `Cannot back up ${client.name}: ${state}`)
  }
  const { username } = await accounts.get(client.owner_id)
  return { clientId: client.id, clientName: client.name, username, repositoryId, planId: run.plan_id, runId: run.id }
}
