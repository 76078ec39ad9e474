import { z } from 'zod'
import { idSchema, timeSchema } from './fields.ts'

/** What a storage needs to be opened besides its location. All of it is secret: taken, never given. */
export const storageCredentialsSchema = z.object({
  accessKeyId: z.string().max(500).optional(),
  secretAccessKey: z.string().max(500).optional(),
  sessionToken: z.string().max(5000).optional(),
  region: z.string().max(100).optional(),
  /** Of an SFTP or REST server. */
  username: z.string().max(200).optional(),
  password: z.string().max(500).optional(),
  /** Text of an SSH key. */
  privateKey: z.string().max(20_000).optional(),
  /** Lines of known hosts; a host whose key is in none of them is refused. */
  knownHosts: z.string().max(20_000).optional(),
})
export type StorageCredentials = z.output<typeof storageCredentialsSchema>

const locationSchema = z.string().min(1).max(2000)

export const newRepositorySchema = z.object({
  name: z.string().trim().min(1).max(100),
  /** As restic writes it: `/srv/backups`, `s3:https://host/bucket`, `sftp:user@host:/folder`, `rest:https://host/`. */
  location: locationSchema,
  credentials: storageCredentialsSchema.default({}),
  /** Of a repository that exists already; one that is made gets a generated one when this is left out. */
  password: z.string().min(1).max(1000).optional(),
  /**
   * `create` makes a new repository; `adopt` takes over one that is there, with its password; `client` is room for one that clients make
   * by restic itself: only they know its password.
   */
  mode: z.enum(['create', 'adopt', 'client']),
  isDefault: z.boolean().default(false),
})
export type NewRepository = z.output<typeof newRepositorySchema>

export const repositoryStatisticsSchema = z.object({
  countedAt: timeSchema,
  snapshotCount: z.number(),
  /** Bytes of all packs. */
  storedBytes: z.number(),
  /** What the stored blobs hold before compression and encryption. */
  contentBytes: z.number(),
  /** What all snapshots would restore to together. */
  restoreBytes: z.number(),
  blobCount: z.number(),
  packCount: z.number(),
  /** How often what is stored would have to be stored without deduplication: `restoreBytes` of `contentBytes`. */
  deduplicationRatio: z.number(),
  /** `contentBytes` of `storedBytes`. */
  compressionRatio: z.number(),
  /** Of the disk of a folder; null elsewhere. */
  freeBytes: z.number().nullable(),
  capacityBytes: z.number().nullable(),
})
export type RepositoryStatisticsView = z.output<typeof repositoryStatisticsSchema>

export const repositorySchema = z.object({
  id: idSchema,
  name: z.string(),
  kind: z.enum(['local', 's3', 'sftp', 'rest']),
  location: z.string(),
  isDefault: z.boolean(),
  /** Whether the server has the password; without it, clients alone can read and write the repository. */
  hasKey: z.boolean(),
  statistics: repositoryStatisticsSchema.nullable(),
  createdAt: timeSchema,
})
export type RepositoryView = z.output<typeof repositorySchema>

export const changeRepositorySchema = z.object({
  name: z.string().trim().min(1).max(100).optional(),
  isDefault: z.literal(true).optional(),
  credentials: storageCredentialsSchema.optional(),
})
export type ChangeRepository = z.output<typeof changeRepositorySchema>

const maintenanceScheduleSchema = z.object({
  /** Five or six fields, or null: only by hand. */
  cron: z.string().max(200).nullable(),
  /** IANA name. */
  timeZone: z.string().max(100).default('UTC'),
})

/** When a repository is maintained, and how. */
export const maintenanceSettingsSchema = z.object({
  /** Forgets what retention does not keep, then removes what nobody needs. */
  prune: z
    .object({
      schedule: maintenanceScheduleSchema.default({ cron: '0 4 * * 0', timeZone: 'UTC' }),
      /** How much of the data may be unused, so that less is written anew. */
      maxUnusedPercent: z.number().min(0).max(90).default(5),
    })
    .prefault({}),
  check: z
    .object({
      schedule: maintenanceScheduleSchema.default({ cron: '0 5 * * *', timeZone: 'UTC' }),
      /** Each check reads a share of all data, so that all of it is read within so many days. Null: none is read. */
      readAllWithinDays: z.int().min(1).max(3650).nullable().default(30),
    })
    .prefault({}),
  /** Administrators are told when less than this is free on the disk of a folder. 0 for never. */
  lowSpacePercent: z.number().min(0).max(99).default(10),
})
export type MaintenanceSettings = z.output<typeof maintenanceSettingsSchema>

/** `maintenance`: forget and prune. */
const maintenanceKindSchema = z.enum(['maintenance', 'check'])
export type MaintenanceKind = z.output<typeof maintenanceKindSchema>

/** `POST /api/v1/repositories/:id/maintenance/run`: what is to be done as soon as possible. */
export const maintenanceRequestSchema = z.object({
  kind: maintenanceKindSchema,
  /** Of `maintenance`: only say what would go. */
  dryRun: z.boolean().default(false),
  /** Of `check`: read all data, not the share whose turn it is. */
  readAll: z.boolean().default(false),
})
export type MaintenanceRequest = z.output<typeof maintenanceRequestSchema>

/** `POST /api/v1/repositories/:id/maintenance/retry`: a run of the repository that failed or was cancelled. */
export const maintenanceRetrySchema = z.object({ runId: idSchema })

const maintenanceTaskSchema = z.object({
  kind: maintenanceKindSchema,
  /** When the schedule says that it is next done; null for by hand only. */
  dueAt: timeSchema.nullable(),
  /** Whether somebody has asked for it, and it has not ended since. */
  isRequested: z.boolean(),
  startedAt: timeSchema.nullable(),
  /** When it last ended well. */
  succeededAt: timeSchema.nullable(),
  /** Why it did not the last time; null when it did. */
  error: z.string().nullable(),
  /** Its last run that nobody cancelled, with its log; all runs are at `/api/v1/runs?repositoryId=…&kind=maintenance,check`. */
  runId: idSchema.nullable(),
  /** What checks have found, and which of them last, until one has found it mended; null for everything but checks. */
  damage: z.object({ runId: idSchema, message: z.string() }).nullable(),
})
export type MaintenanceTask = z.output<typeof maintenanceTaskSchema>

export const maintenanceSchema = z.object({
  settings: maintenanceSettingsSchema,
  tasks: z.array(maintenanceTaskSchema),
  /** How far the reading of all data is: the part that is read next, of how many, since when. Null before the first check. */
  reading: z.object({ nextPart: z.int(), parts: z.int(), startedAt: timeSchema }).nullable(),
  /** Of the counting of figures: whether it is due or under way, and why it failed the last time; null when it did not. */
  counting: z.object({ isDue: z.boolean(), error: z.string().nullable() }),
})
export type Maintenance = z.output<typeof maintenanceSchema>
