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

/** What maintenance is to do now. */
export const maintenanceRequestSchema = z.object({
  /** Whether it only says what it would do. */
  dryRun: z.boolean().default(false),
  /** Percent of the packs whose data is read. */
  readDataPercent: z.number().min(0).max(100).default(0),
})
