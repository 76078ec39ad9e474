import { isDeepStrictEqual } from 'node:util'
import { idSchema, type MaintenanceKind, maintenanceRequestSchema } from '@holdfast/protocol'
import { z } from 'zod'

const partsSchema = z.object({ parts: z.int().positive(), from: z.int().positive(), to: z.int().positive() })

const taskRequestSchema = maintenanceRequestSchema.extend({
  /** The run that is repeated. */
  retryOf: idSchema.optional(),
  /** Of a check: exactly whose data is read, null for none. Where it is not given, the share whose turn it is. */
  share: partsSchema.nullable().optional(),
})

/** What a task was asked for, or what a run of one was to do: enough to do the same again. */
export type TaskRequest = z.output<typeof taskRequestSchema>

/** Reads what a task was asked for. */
export function readTaskRequest(json: string): TaskRequest {
  return taskRequestSchema.parse(JSON.parse(json))
}

/** A run as far as it says what it was to do. */
export interface RepeatableRun {
  readonly id: number
  readonly kind: MaintenanceKind
  readonly trigger: string
  readonly request: string
}

/** What is to be asked for to repeat a run; undefined for a run of which nothing was written down but that somebody asked for it. */
export function requestToRepeat({ id, kind, trigger, request }: RepeatableRun): TaskRequest | undefined {
  const known = taskRequestSchema.safeParse(JSON.parse(request)).data
  if (known !== undefined) return { ...known, kind, retryOf: id }
  return trigger === 'schedule' ? { kind, dryRun: false, readAll: false, retryOf: id } : undefined
}

/** Whether two requests are for the same work, whichever run it repeats. */
export function isSameWork({ retryOf: _, ...one }: TaskRequest, { retryOf: __, ...other }: TaskRequest): boolean {
  return isDeepStrictEqual(one, other)
}
