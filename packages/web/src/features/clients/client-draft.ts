import type { Blackout, ChangeClient, Client, Limits, Retention } from '@holdfast/protocol'
import { editsSince } from '../../ui/edits-since.ts'

const BYTES_PER_MEGABYTE = 1_000_000
const BYTES_PER_GIBIBYTE = 1024 ** 3
const LIMIT_FIELDS = ['uploadMegabytes', 'downloadMegabytes', 'maxDurationMinutes', 'blackouts'] as const

/** What a number field holds: nothing is typed where it is empty. */
export type NumberText = string | number

/** The settings of a client as its form has them. */
export interface ClientDraft extends LimitsDraft {
  readonly name: string
  readonly ownerId: number
  readonly retention: Retention | null
  readonly mayRestore: boolean
  readonly overdueAfterHours: NumberText
  readonly quotaGibibytes: NumberText
}

/** A field of the form. */
export type ClientField = keyof ClientDraft

/** The limits of a client as a form has them. */
export interface LimitsDraft {
  readonly uploadMegabytes: NumberText
  readonly downloadMegabytes: NumberText
  readonly maxDurationMinutes: NumberText
  readonly blackouts: readonly Blackout[]
}

/** The form as it is before anything is typed. */
export function draftOf({ name, ownerId, settings }: Client): ClientDraft {
  const { retention, mayRestore, overdueAfterHours, quotaBytes, limits } = settings
  return {
    name,
    ownerId,
    retention,
    mayRestore,
    overdueAfterHours: overdueAfterHours ?? '',
    quotaGibibytes: quotaBytes === null ? '' : quotaBytes / BYTES_PER_GIBIBYTE,
    ...limitsDraftOf(limits),
  }
}

/** Limits as a form has them. */
export function limitsDraftOf(limits: Limits): LimitsDraft {
  return {
    uploadMegabytes: megabytesOf(limits.uploadBytesPerSecond),
    downloadMegabytes: megabytesOf(limits.downloadBytesPerSecond),
    maxDurationMinutes: limits.maxDurationMinutes ?? '',
    blackouts: limits.blackouts,
  }
}

/** Fields that were edited, over what is stored. */
export interface ClientEdits {
  readonly edited: Partial<ClientDraft>
  /** What was stored when each of them was edited first. */
  readonly before: Partial<ClientDraft>
}

export const NO_EDITS: ClientEdits = { edited: {}, before: {} }

/** What is stored with what was edited over it. */
export function editedDraft({ edited }: ClientEdits, client: Client): ClientDraft {
  return { ...draftOf(client), ...edited }
}

/** Takes in what somebody has done in the form. */
export function withEdits(edits: ClientEdits, changes: Partial<ClientDraft>, client: Client): ClientEdits {
  const draft = editedDraft(edits, client)
  const changed = partOf(changes, (name) => isOther(changes[name], draft[name]))
  const stored = draftOf(client)
  return { edited: { ...edits.edited, ...changed }, before: { ...partOf(stored, (name) => name in changed), ...edits.before } }
}

/** What is left of the edits once `sent` is stored: those that were made meanwhile. */
export function editsLeft(edits: ClientEdits, { sent, stored }: { readonly sent: ClientEdits; readonly stored: Client }): ClientEdits {
  const edited = editsSince(edits.edited, sent.edited)
  return { edited, before: partOf(draftOf(stored), (name) => name in edited) }
}

/** What the server is told: only what differs from what is stored. Limits are one for it. */
export function changeOf(edits: ClientEdits, client: Client): ChangeClient {
  const draft = editedDraft(edits, client)
  const names = new Set(changedFields(edits, client))
  const quotaGibibytes = numberOf(draft.quotaGibibytes)
  const settings: ChangeClient['settings'] = {
    ...(names.has('retention') ? { retention: draft.retention } : {}),
    ...(names.has('mayRestore') ? { mayRestore: draft.mayRestore } : {}),
    ...(names.has('overdueAfterHours') ? { overdueAfterHours: numberOf(draft.overdueAfterHours) ?? null } : {}),
    ...(names.has('quotaGibibytes')
      ? { quotaBytes: quotaGibibytes === undefined ? null : Math.round(quotaGibibytes * BYTES_PER_GIBIBYTE) }
      : {}),
    ...(LIMIT_FIELDS.some((name) => names.has(name)) ? { limits: limitsOf(draft) } : {}),
  }
  return {
    ...(names.has('name') ? { name: draft.name.trim() } : {}),
    ...(names.has('ownerId') ? { ownerId: draft.ownerId } : {}),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
  }
}

/** The fields that say something else than what is stored. */
export function changedFields({ edited }: ClientEdits, client: Client): readonly ClientField[] {
  const stored = draftOf(client)
  return fieldsOf(edited).filter((name) => isOther(edited[name], stored[name]))
}

/** The fields that somebody else has changed since they were edited, to something else again. */
export function disputedFields(edits: ClientEdits, client: Client): readonly ClientField[] {
  const stored = draftOf(client)
  return changedFields(edits, client).filter((name) => isOther(edits.before[name], stored[name]))
}

/** Limits as the server is told of them. */
export function limitsOf({ uploadMegabytes, downloadMegabytes, maxDurationMinutes, blackouts }: LimitsDraft): Limits {
  const upload = numberOf(uploadMegabytes)
  const download = numberOf(downloadMegabytes)
  const duration = numberOf(maxDurationMinutes)
  return {
    ...(upload === undefined ? {} : { uploadBytesPerSecond: Math.round(upload * BYTES_PER_MEGABYTE) }),
    ...(download === undefined ? {} : { downloadBytesPerSecond: Math.round(download * BYTES_PER_MEGABYTE) }),
    ...(duration === undefined ? {} : { maxDurationMinutes: duration }),
    blackouts: [...blackouts],
  }
}

function partOf(draft: Partial<ClientDraft>, isWanted: (name: ClientField) => boolean): Partial<ClientDraft> {
  return Object.fromEntries(Object.entries(draft).filter(([name]) => isWanted(name as ClientField)))
}

function fieldsOf(draft: Partial<ClientDraft>): readonly ClientField[] {
  return Object.keys(draft) as ClientField[]
}

function isOther(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) !== JSON.stringify(other)
}

function megabytesOf(bytesPerSecond: number | undefined): NumberText {
  return bytesPerSecond === undefined ? '' : bytesPerSecond / BYTES_PER_MEGABYTE
}

/** Fields tell a lone sign, say, as text: that is no number yet. */
function numberOf(text: NumberText): number | undefined {
  if (text === '') return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}
