import type { NewPlan } from '@holdfast/protocol'
import type { Database } from '../db/database.ts'

/** Adds a repository of a test, the default one unless told otherwise, as the database knows it; nothing is stored anywhere. Gives its id. */
export async function addRepositoryRow(
  { queries }: Database,
  { name = 'main', isDefault = true }: { readonly name?: string; readonly isDefault?: boolean } = {},
): Promise<number> {
  const row = { name, kind: 'local', location: '/nowhere', sealed_credentials: '', sealed_password: '' } as const
  const { id } = await queries
    .insertInto('repositories')
    .values({ ...row, is_default: Number(isDefault), maintenance: '{}', statistics: null, created_at: 0 })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

export interface SampleClient {
  readonly name: string
  readonly ownerId: number
  readonly isLocal?: boolean
  readonly settings?: object
}

/** Adds a client that nobody has enrolled. Gives its id. */
export async function addClientRow(
  { queries }: Database,
  { name, ownerId, isLocal = false, settings = {} }: SampleClient,
): Promise<number> {
  const { id } = await queries
    .insertInto('clients')
    .values({
      name,
      owner_id: ownerId,
      is_local: Number(isLocal),
      is_disabled: 0,
      settings: JSON.stringify(settings),
      created_at: 0,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** A plan at half past two in Berlin, every night, with other fields as given. */
export function samplePlan(
  changes: Partial<Omit<NewPlan, 'schedule'>> & { readonly schedule?: Partial<NewPlan['schedule']> } = {},
): NewPlan {
  const { schedule, ...others } = changes
  return {
    name: 'documents',
    isEnabled: true,
    selection: {
      paths: ['/home'],
      excludes: [],
      caseInsensitiveExcludes: [],
      excludeCaches: false,
      excludeIfPresent: [],
      oneFileSystem: false,
    },
    hooks: { pre: [], post: [], onFailure: [] },
    retention: null,
    limits: { blackouts: [] },
    tags: [],
    compression: 'auto',
    schedule: { cron: '30 2 * * *', timeZone: 'Europe/Berlin', jitterSeconds: 0, catchUp: true, ...schedule },
    ...others,
  }
}
