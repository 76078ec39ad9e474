import { z } from 'zod'
import { passwordSchema } from './accounts.ts'
import { idSchema, timeSchema } from './fields.ts'
import { hooksSchema, limitsSchema, planDefinitionSchema } from './plans.ts'
import { askedQuestionSchema } from './questions.ts'
import { logEntrySchema, runErrorSchema, runProgressSchema, runStatisticsSchema } from './runs.ts'
import { snapshotPathSchema } from './snapshots.ts'

/** What the owner of a machine allows a server to have done there, as far as people who use the server have to know. */
export const machinePolicySchema = z.object({
  /** `listed`: only commands that the policy names. */
  commands: z.enum(['deny', 'listed', 'allow']),
  /** `listed`: only to some folders and below. */
  restores: z.enum(['deny', 'listed', 'allow']),
  /** The first of those folders. Lists of clients hold them all, so that there are few. */
  restorePaths: z.array(z.string().max(1024)).max(20),
  /** The file that says so; null while there is none, and what the agent was started with counts. */
  file: z.string().max(1024).nullable(),
})
export type MachinePolicyReport = z.output<typeof machinePolicySchema>

/** What an agent says of its machine. */
export const machineSchema = z.object({
  hostname: z.string().min(1).max(255),
  platform: z.string().max(100),
  /** Of the agent. */
  version: z.string().max(100),
  /** Left out by agents that do not tell it, and while the policy cannot be used. */
  policy: machinePolicySchema.optional(),
})
export type Machine = z.output<typeof machineSchema>

/** `POST /agent/v1/enrol`: a one-time code for a token. */
export const enrolSchema = z.object({ code: z.string().min(1).max(200), machine: machineSchema })
export type Enrol = z.output<typeof enrolSchema>

/** `POST /agent/v1/register`: a user's name and password for a new client of that user, or for one of that name which has no token yet. */
export const registerSchema = z.object({
  username: z.string().min(1).max(200),
  password: passwordSchema.or(z.string().min(1).max(200)),
  code: z.string().max(40).optional(),
  clientName: z.string().min(1).max(200),
  machine: machineSchema,
  /** Folders to protect: a plan of them is made when the client has none. */
  paths: z.array(z.string().min(1).max(4096)).max(1000).default([]),
  /** Seconds between two backups, for that plan. */
  intervalSeconds: z.int().min(60).max(31_536_000).optional(),
})
export type Register = z.output<typeof registerSchema>

/** The answer to both. The token is shown this once. */
export const enrolledSchema = z.object({ clientId: idSchema, clientName: z.string(), token: z.string(), pagePath: z.string() })
export type Enrolled = z.output<typeof enrolledSchema>

/** `POST /agent/v1/ping`. */
export const pongSchema = z.object({
  now: timeSchema,
  /** Whether a run waits to be claimed. */
  hasWork: z.boolean(),
  /** What the client's owner set for all its plans. */
  hooks: hooksSchema,
  limits: limitsSchema,
  /** Whether the agent is to take a new token, at `POST /agent/v1/token`: the old one counts until the new one was used. */
  rotateToken: z.boolean().default(false),
})
export type Pong = z.output<typeof pongSchema>

/** `POST /agent/v1/logs`. */
export const agentLogSchema = z.object({ entries: z.array(logEntrySchema).min(1).max(500) })

/** More is chosen by their folder. */
export const RESTORED_PATHS_MAX = 1000

/** A restore that the agent carries out. */
export const restoreOrderSchema = z.object({
  snapshotId: z.string().regex(/^[0-9a-f]{64}$/),
  /** Paths in the snapshot; everything when empty. */
  paths: z.array(snapshotPathSchema).max(RESTORED_PATHS_MAX),
  /** Where to; null for where it came from. */
  target: z.string().min(1).max(4096).nullable(),
  /** What happens to files that are there already. */
  overwrite: z.enum(['always', 'if-changed', 'if-newer', 'never']),
  /** Whether files that the snapshot does not have are removed below the restored folders. */
  delete: z.boolean(),
  /** What was backed up: with `delete`, nothing is removed but in these folders and below; nothing at all where there are none. */
  sources: z.array(snapshotPathSchema).max(RESTORED_PATHS_MAX).default([]),
})
export type RestoreOrder = z.output<typeof restoreOrderSchema>

/** What an agent gets when it claims a run; client and plan settings are merged already. */
export const runOrderSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('backup'),
    runId: idSchema,
    planName: z.string(),
    repositoryId: idSchema,
    definition: planDefinitionSchema,
    /** Of the client first, then of the plan. */
    hooks: hooksSchema,
    limits: limitsSchema,
    /** Until the agent renews it by an event, the run is believed to live this long. */
    leaseMs: z.int().positive(),
  }),
  z.object({
    kind: z.literal('restore'),
    runId: idSchema,
    repositoryId: idSchema,
    restore: restoreOrderSchema,
    limits: limitsSchema,
    leaseMs: z.int().positive(),
  }),
])
export type RunOrder = z.output<typeof runOrderSchema>

/**
 * `POST /agent/v1/runs/claim`: waits up to `waitSeconds` for a run. An agent that claims has none: when the server believes otherwise, an
 * answer was lost, and the same `instance` gets the same order again.
 */
export const claimSchema = z.object({
  waitSeconds: z.int().min(0).max(50).default(0),
  /** Drawn at random when the agent's process starts. */
  instance: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .default('agent'),
  /** Whether the agent takes a question with the answer; it is not for the others. */
  answersQuestions: z.boolean().default(false),
})
export const claimedSchema = z.object({
  order: runOrderSchema.nullable(),
  /** What the server wants to know beside, at `POST /agent/v1/questions/:id`. */
  question: askedQuestionSchema.nullable().default(null),
})

/** `POST /agent/v1/runs/:runId/events`: progress and log of a run, which also renews its lease. */
export const runEventsSchema = z.object({ progress: runProgressSchema.optional(), log: z.array(logEntrySchema).max(500).default([]) })
export type RunEvents = z.output<typeof runEventsSchema>
export const runEventsAnswerSchema = z.object({ isCancelRequested: z.boolean(), leaseMs: z.int().positive() })

/** `POST /agent/v1/runs/:runId/finish`: the end of a run. Sent again after a lost answer it changes nothing. */
export const finishRunSchema = z.object({
  state: z.enum(['finished', 'error', 'cancelled']),
  snapshotId: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  statistics: runStatisticsSchema.nullable(),
  error: runErrorSchema.nullable(),
})
export type FinishRun = z.output<typeof finishRunSchema>
