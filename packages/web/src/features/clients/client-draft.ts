import type { Blackout, ChangeClient, Client, Limits, Retention } from '@holdfast/protocol'

const BYTES_PER_MEGABYTE = 1_000_000
const BYTES_PER_GIBIBYTE = 1024 ** 3

/** What a number field holds: nothing is typed where it is empty. */
export type NumberText = string | number

/** The settings of a client as its form has them. */
export interface ClientDraft {
  readonly name: string
  readonly ownerId: number
  readonly retention: Retention | null
  readonly mayRestore: boolean
  readonly overdueAfterHours: NumberText
  readonly quotaGibibytes: NumberText
  readonly limits: LimitsDraft
}

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
    limits: limitsDraftOf(limits),
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

/** What the server is told of a form. What the form does not have, the commands, stays as it is. */
export function changeOf(draft: ClientDraft, client: Client): ChangeClient {
  const { retention, mayRestore } = draft
  const quotaGibibytes = numberOf(draft.quotaGibibytes)
  return {
    name: draft.name.trim(),
    ownerId: draft.ownerId,
    settings: {
      ...client.settings,
      retention,
      mayRestore,
      overdueAfterHours: numberOf(draft.overdueAfterHours) ?? null,
      quotaBytes: quotaGibibytes === undefined ? null : Math.round(quotaGibibytes * BYTES_PER_GIBIBYTE),
      limits: limitsOf(draft.limits),
    },
  }
}

/** Whether a form says something else than what is. */
export function isChanged(draft: ClientDraft, client: Client): boolean {
  return JSON.stringify(draft) !== JSON.stringify(draftOf(client))
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

function megabytesOf(bytesPerSecond: number | undefined): NumberText {
  return bytesPerSecond === undefined ? '' : bytesPerSecond / BYTES_PER_MEGABYTE
}

/** Fields tell a lone sign, say, as text: that is no number yet. */
function numberOf(text: NumberText): number | undefined {
  if (text === '') return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}
