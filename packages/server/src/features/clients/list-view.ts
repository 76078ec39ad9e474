import { type Client, type ClientQuery, idSchema, type RunError } from '@holdfast/protocol'
import { z } from 'zod'
import { ServerError } from '../../errors.ts'
import { settingsOf } from './inheritance.ts'
import { type ClientRun, type ListedClient, type Place, TREND_RUNS } from './list-store.ts'

const placeSchemas = {
  added: z.tuple([idSchema]),
  name: z.tuple([z.string(), idSchema]),
  lastBackupAt: z.tuple([z.int().min(0), idSchema]),
  state: z.tuple([z.int().min(0).max(9), z.string(), idSchema]),
} as const satisfies Readonly<Record<ClientQuery['sort'], z.ZodType<Place>>>

/** A client as it goes over the wire. */
export function toClient({ client, state, isOverdue, nextRunAt, runs }: ListedClient): Client {
  const ended = runs.filter((run) => run.state !== 'running').slice(0, TREND_RUNS)
  const [last] = runs
  return {
    id: client.id,
    name: client.name,
    ownerId: client.owner_id,
    isLocal: client.is_local === 1,
    isDisabled: client.is_disabled === 1,
    isEnrolled: client.token_hash !== null,
    isTokenRotationWanted: client.token_hash !== null && client.is_rotation_wanted === 1,
    isOverdue,
    state,
    hostname: client.hostname,
    platform: client.platform,
    version: client.version,
    policy: client.policy === null ? null : (JSON.parse(client.policy) as Client['policy']),
    settings: settingsOf(client),
    createdAt: new Date(client.created_at).toISOString(),
    lastPingAt: timeOf(client.last_ping_at),
    lastBackupAt: timeOf(client.last_backup_at),
    nextRunAt: timeOf(nextRunAt),
    lastRun: last === undefined ? null : toLastRun(last),
    trend: ended.map((run) => run.state).toReversed(),
  }
}

/** The cursor of what comes after a place in a list. */
export function formatPlace(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** The place that a cursor stands for. @throws {ServerError} `request.invalid` for one that no page of this sort gave. */
export function parsePlace(cursor: string | undefined, sort: ClientQuery['sort']): Place | undefined {
  if (cursor === undefined) return undefined
  const place = placeSchemas[sort].safeParse(parsed(Buffer.from(cursor, 'base64url').toString()))
  if (place.success) return place.data
  throw new ServerError('request.invalid', 'Cannot go on from there: the cursor is none that a page of this sort gave')
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function toLastRun({ id, state, finished_at, error }: ClientRun): Client['lastRun'] {
  return { id, state, finishedAt: timeOf(finished_at), error: error === null ? null : (JSON.parse(error) as RunError) }
}

function timeOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}
