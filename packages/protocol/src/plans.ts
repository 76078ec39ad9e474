import { z } from 'zod'
import { retentionSchema } from './accounts.ts'
import { idSchema, idTextSchema, pageQuerySchema, timeSchema } from './fields.ts'
import { runStateSchema } from './runs.ts'

const pathText = z.string().min(1).max(4096)

/** A command that the agent runs with its shell, as its owner allows. */
export const commandSchema = z.object({
  line: z.string().min(1).max(10_000),
  timeoutSeconds: z.int().min(1).max(86_400).default(3600),
})
export type Command = z.output<typeof commandSchema>

export const hooksSchema = z.object({
  /** Before the backup; one that fails ends the run. */
  pre: z.array(commandSchema).max(50).default([]),
  /** After a backup that succeeded. */
  post: z.array(commandSchema).max(50).default([]),
  /** After a run that failed. */
  onFailure: z.array(commandSchema).max(50).default([]),
})
export type Hooks = z.output<typeof hooksSchema>

export const scheduleSchema = z.object({
  /** Five or six fields, or null: only by hand. */
  cron: z.string().max(200).nullable(),
  /** IANA name. */
  timeZone: z.string().max(100).default('UTC'),
  /** Each run starts up to so much later, so that not all machines come at once. */
  jitterSeconds: z.int().min(0).max(86_400).default(0),
  /** Whether a run that was missed (server or machine were off) is made up for as soon as possible. */
  catchUp: z.boolean().default(true),
})
export type Schedule = z.output<typeof scheduleSchema>

/** A time of day in which no run starts: from 22:00 to 06:00 say, over midnight if `to` is earlier; on these days (0 is Sunday) or all. */
export const blackoutSchema = z.object({
  from: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/),
  to: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/),
  days: z.array(z.int().min(0).max(6)).max(7).optional(),
})
export type Blackout = z.output<typeof blackoutSchema>

export const limitsSchema = z.object({
  uploadBytesPerSecond: z.int().min(1024).optional(),
  downloadBytesPerSecond: z.int().min(1024).optional(),
  blackouts: z.array(blackoutSchema).max(20).default([]),
  maxDurationMinutes: z.int().min(1).max(100_000).optional(),
})
export type Limits = z.output<typeof limitsSchema>

/**
 * What is backed up and how; the fields are those of the engine's selection rules. What people read of it in a form stands with each
 * field, in every language of the pages (`x-ja`), and `x-control` names the control that suits it better than its type tells.
 */
export const selectionSchema = z.object({
  paths: z
    .array(pathText.meta({ format: 'path' }))
    .min(1)
    .max(1000)
    .meta({
      title: 'Folders and files',
      description: 'Everything in these folders is backed up.',
      'x-control': 'folders',
      'x-ja': { title: 'フォルダーとファイル', description: 'これらのフォルダーの中身がすべてバックアップされます。' },
    }),
  excludes: z
    .array(pathText)
    .max(1000)
    .default([])
    .meta({
      title: 'Leave out',
      description: 'Patterns of names or paths: *.tmp, node_modules, /home/*/.cache. A pattern behind ! takes something back in.',
      'x-control': 'patterns',
      'x-ja': {
        title: '除外するもの',
        description: '名前またはパスのパターン(例:*.tmp、node_modules、/home/*/.cache)。! を前に付けると除外を取り消します。',
      },
    }),
  caseInsensitiveExcludes: z
    .array(pathText)
    .max(1000)
    .default([])
    .meta({
      title: 'Leave out, whatever the case',
      description: 'The same, where capital and small letters make no difference.',
      'x-control': 'patterns',
      'x-advanced': true,
      'x-ja': { title: '除外するもの(大文字・小文字を区別しない)', description: '同じパターンですが、大文字と小文字を区別しません。' },
    }),
  excludeCaches: z
    .boolean()
    .default(false)
    .meta({
      title: 'Leave out caches',
      description: 'Folders that a program has marked with a file CACHEDIR.TAG.',
      'x-ja': { title: 'キャッシュを除外する', description: 'プログラムが CACHEDIR.TAG というファイルで印を付けたフォルダーです。' },
    }),
  excludeIfPresent: z
    .array(pathText)
    .max(100)
    .default([])
    .meta({
      title: 'Leave out folders that hold a file of this name',
      description: 'A name such as .nobackup.',
      'x-control': 'lines',
      'x-advanced': true,
      'x-ja': { title: 'この名前のファイルがあるフォルダーを除外する', description: '.nobackup などの名前です。' },
    }),
  excludeLargerThanBytes: z
    .int()
    .min(1)
    .optional()
    .meta({
      title: 'Leave out files larger than',
      'x-control': 'bytes',
      'x-ja': { title: 'これより大きいファイルを除外する' },
    }),
  oneFileSystem: z
    .boolean()
    .default(false)
    .meta({
      title: 'Stay on one file system',
      description: 'Other disks and network drives that are mounted below are left out.',
      'x-advanced': true,
      'x-ja': {
        title: '同じファイルシステム内にとどまる',
        description: '下位にマウントされた別のディスクやネットワークドライブは除外されます。',
      },
    }),
})
export type Selection = z.output<typeof selectionSchema>

export const planDefinitionSchema = z.object({
  selection: selectionSchema,
  schedule: scheduleSchema,
  hooks: hooksSchema.default({ pre: [], post: [], onFailure: [] }),
  /** Null: as the client's, and else the owner's. */
  retention: retentionSchema.nullable().default(null),
  limits: limitsSchema.default({ blackouts: [] }),
  tags: z.array(z.string().min(1).max(200)).max(50).default([]),
  compression: z.enum(['off', 'fastest', 'auto', 'better', 'max']).default('auto'),
})
export type PlanDefinition = z.output<typeof planDefinitionSchema>

export const newPlanSchema = planDefinitionSchema.extend({
  name: z.string().min(1).max(200),
  /** The default repository when it is not given. */
  repositoryId: idSchema.optional(),
  isEnabled: z.boolean().default(true),
})
export type NewPlan = z.output<typeof newPlanSchema>

/** `PATCH /api/v1/plans/:id`: what is given replaces what was; a part such as `schedule` is replaced whole. */
export const changePlanSchema = z.object({
  name: z.string().min(1).max(200).optional(),
  /** Later runs store there. Snapshots stay where they are, and retention goes on for them there. */
  repositoryId: idSchema.optional(),
  isEnabled: z.boolean().optional(),
  selection: selectionSchema.optional(),
  schedule: scheduleSchema.optional(),
  hooks: hooksSchema.optional(),
  retention: retentionSchema.nullable().optional(),
  limits: limitsSchema.optional(),
  tags: z.array(z.string().min(1).max(200)).max(50).optional(),
  compression: z.enum(['off', 'fastest', 'auto', 'better', 'max']).optional(),
})
export type ChangePlan = z.output<typeof changePlanSchema>

/** `POST /api/v1/plans/preview`: when a schedule would run that is not stored, on a client if one is given. */
export const previewScheduleSchema = z.object({
  schedule: scheduleSchema,
  limits: limitsSchema.default({ blackouts: [] }),
  clientId: idSchema.optional(),
  count: z.int().min(1).max(100).default(10),
})
export type PreviewSchedule = z.output<typeof previewScheduleSchema>

/** Times at which a plan runs: `dueAt` as its schedule says, `startsAt` with jitter and after blackouts. */
export const runTimesSchema = z.object({ times: z.array(z.object({ dueAt: timeSchema, startsAt: timeSchema })) })
export type RunTimes = z.output<typeof runTimesSchema>

export const planSchema = planDefinitionSchema.extend({
  id: idSchema,
  clientId: idSchema,
  clientName: z.string(),
  repositoryId: idSchema,
  name: z.string(),
  isEnabled: z.boolean(),
  /** Whether its client, or the user whom that belongs to, is disabled: nothing runs then, by its schedule or by hand. */
  isClientDisabled: z.boolean(),
  nextRunAt: timeSchema.nullable(),
  /** Whether it has not succeeded for longer than its schedule allows. */
  isOverdue: z.boolean(),
  /** What counts when retention is inherited: the plan's own, else the client's, else the owner's; null keeps everything. */
  effectiveRetention: retentionSchema.nullable(),
  /** The newest of its runs, ended or not; `errorCount` is how much of what it was to back up could not be read. */
  lastRun: z
    .object({
      ...{ id: idSchema, state: runStateSchema, createdAt: timeSchema, finishedAt: timeSchema.nullable() },
      errorCount: z.number().min(0),
    })
    .nullable(),
  createdAt: timeSchema,
})
export type Plan = z.output<typeof planSchema>

export const planQuerySchema = pageQuerySchema.extend({
  limit: z.coerce.number().int().min(1).max(200).default(100),
  cursor: z.string().max(1000).optional(),
  /** Part of the name of a plan or of its client. */
  search: z.string().max(200).optional(),
  clientId: idTextSchema.optional(),
  repositoryId: idTextSchema.optional(),
  isEnabled: z.stringbool().optional(),
  isOverdue: z.stringbool().optional(),
})
export type PlanQuery = z.output<typeof planQuerySchema>

/** By name. */
export const planPageSchema = z.object({ items: z.array(planSchema), next: z.string().nullable() })
export type PlanPage = z.output<typeof planPageSchema>

/**
 * `POST /api/v1/plans/retention-preview`: which snapshots would go if `retention` were the plan's, or the client's. Null: what is
 * inherited. Plans of a client that have a policy of their own are judged by that.
 */
export const previewRetentionSchema = z.union([
  z.strictObject({ retention: retentionSchema.nullable(), planId: idSchema }),
  z.strictObject({ retention: retentionSchema.nullable(), clientId: idSchema }),
])
export type PreviewRetention = z.output<typeof previewRetentionSchema>

/** Why a snapshot stays, or, as `expired`, goes. `unlimited`: nothing says that any goes. `newest-whole`: the newest without errors. */
export const retentionReasonSchema = z.enum([
  ...(['unlimited', 'pinned', 'newest', 'newest-whole', 'versions', 'days'] as const),
  ...(['hourly', 'daily', 'weekly', 'monthly', 'yearly', 'expired'] as const),
])
export type RetentionReason = z.output<typeof retentionReasonSchema>

const judgedSnapshotSchema = z.object({
  id: idSchema,
  snapshotId: z.string(),
  repositoryId: idSchema,
  /** Null for a snapshot that no plan made. */
  planId: idSchema.nullable(),
  time: timeSchema,
  hostname: z.string(),
  paths: z.array(z.string()),
  sizeBytes: z.number().nullable(),
  addedBytes: z.number().nullable(),
  isKept: z.boolean(),
  reasons: z.array(retentionReasonSchema),
})

/**
 * What a policy makes of snapshots, by the server's register alone: damaged ones, which a prune leaves alone, count as sound. Days begin
 * as in the time zone of the plan's schedule, while a prune takes that of the machine.
 */
export const retentionPreviewSchema = z.object({
  /** What counts in the end; null keeps everything. */
  effectiveRetention: retentionSchema.nullable(),
  keptCount: z.number(),
  removedCount: z.number(),
  /** Newest first, at most a thousand of those that are counted. */
  items: z.array(judgedSnapshotSchema),
  /** Whether there are older snapshots than were looked at. */
  hasMore: z.boolean(),
})
export type RetentionPreview = z.output<typeof retentionPreviewSchema>
