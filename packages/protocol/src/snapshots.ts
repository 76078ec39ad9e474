import { z } from 'zod'
import { idSchema, idTextSchema, pageQuerySchema, timeSchema } from './fields.ts'

/**
 * A path in a snapshot, from its root, with a slash before each name; `/` is the root. Paths are bytes, not all of them UTF-8, so this is
 * an address: UTF-8 text in which `%`, control characters, and bytes that are not part of valid UTF-8 are written as `%` and two
 * hexadecimal digits. `/home/100%25/caf%E9` is `/home/100%/caf` and the byte E9. In a URL it is encoded once more, as any text is. Answers
 * give paths in this form, to be sent back as they are, and beside them names for people to read.
 */
export const snapshotPathSchema = z
  .string()
  .min(1)
  .max(16_384)
  .regex(/^\/(?:[^%]|%[0-9A-Fa-f]{2})*$/, 'must begin with a slash, and each % in it must stand before two hexadecimal digits')

/** The number that the server gave a snapshot: it stays when tags change, which gives the snapshot in the repository another id. */
export const snapshotSchema = z.object({
  id: idSchema,
  /** The repository's id of it, which restic shows too. */
  snapshotId: z.string(),
  repositoryId: idSchema,
  /** Null where no client of this server made it. */
  clientId: idSchema.nullable(),
  clientName: z.string().nullable(),
  planId: idSchema.nullable(),
  /** Null where no plan of this server made it, or one that is gone. */
  planName: z.string().nullable(),
  runId: idSchema.nullable(),
  time: timeSchema,
  hostname: z.string(),
  paths: z.array(z.string()),
  tags: z.array(z.string()),
  /** Never forgotten by a retention policy. */
  isPinned: z.boolean(),
  sizeBytes: z.number().nullable(),
  fileCount: z.number().nullable(),
  addedBytes: z.number().nullable(),
})
export type SnapshotView = z.output<typeof snapshotSchema>

export const snapshotQuerySchema = pageQuerySchema.extend({
  clientId: idTextSchema.optional(),
  planId: idTextSchema.optional(),
  repositoryId: idTextSchema.optional(),
  tag: z.string().min(1).max(200).optional(),
  hostname: z.string().min(1).max(255).optional(),
  /** Not older than this. */
  from: timeSchema.optional(),
  /** Older than this. */
  until: timeSchema.optional(),
  isPinned: z.stringbool().optional(),
})
export type SnapshotQuery = z.output<typeof snapshotQuerySchema>

/** Newest first. */
export const snapshotPageSchema = z.object({ items: z.array(snapshotSchema), next: z.string().nullable() })
export type SnapshotPage = z.output<typeof snapshotPageSchema>

export const entryKindSchema = z.enum(['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket', 'other'])
export type EntryKind = z.output<typeof entryKindSchema>

/** One entry of a folder in a snapshot. */
const snapshotEntrySchema = z.object({
  path: snapshotPathSchema,
  /** For people: bytes that are no text, and characters that would mislead, are replaced. */
  name: z.string(),
  kind: entryKindSchema,
  /** Null for what has no content. */
  sizeBytes: z.number().nullable(),
  modifiedAt: timeSchema.nullable(),
})
export type SnapshotEntry = z.output<typeof snapshotEntrySchema>

export const entriesQuerySchema = pageQuerySchema.extend({
  path: snapshotPathSchema.default('/'),
  /** Folders come first, whatever the order. */
  sort: z.enum(['name', 'size', 'time']).default('name'),
  order: z.enum(['asc', 'desc']).default('asc'),
  /** The place in that order to begin at, from 0, in stead of a cursor: for who jumps into the middle. */
  offset: z.coerce.number().int().min(0).max(2_000_000_000).optional(),
})
export type EntriesQuery = z.output<typeof entriesQuerySchema>

export const entriesPageSchema = z.object({
  path: snapshotPathSchema,
  /** Entries of the folder, on all pages. */
  count: z.number(),
  items: z.array(snapshotEntrySchema),
  next: z.string().nullable(),
})
export type EntriesPage = z.output<typeof entriesPageSchema>

/** Asks for the place of an entry, or else of the first one from `from` on whose name begins with `prefix`. */
export const placeQuerySchema = entriesQuerySchema.pick({ path: true, sort: true, order: true }).extend({
  /** The path of an entry of the folder. */
  entry: snapshotPathSchema.optional(),
  /** The beginning of a name, whatever the case. */
  prefix: z.string().min(1).max(100).optional(),
  /** Where to begin; behind the end of the folder, the search goes on at its beginning. */
  from: z.coerce.number().int().min(0).max(2_000_000_000).default(0),
})
export type PlaceQuery = z.output<typeof placeQuerySchema>

/** The place in the order that was asked for, from 0; null when no entry fits. */
export const placeSchema = z.object({ place: z.number().nullable() })
export type Place = z.output<typeof placeSchema>

export const pathQuerySchema = z.object({ path: snapshotPathSchema })

/** Everything a snapshot says of one entry. */
export const entryDetailsSchema = snapshotEntrySchema.extend({
  /** As `ls -l` shows it. */
  mode: z.string(),
  user: z.string(),
  group: z.string(),
  userId: z.number(),
  groupId: z.number(),
  accessedAt: timeSchema.nullable(),
  changedAt: timeSchema.nullable(),
  linkTarget: z.string().nullable(),
  links: z.number().nullable(),
  blobCount: z.number().nullable(),
  /** Names of extended attributes. */
  attributes: z.array(z.string()),
})
export type EntryDetails = z.output<typeof entryDetailsSchema>

/** `metadata`: the content is the same. A folder that was added or removed stands for all that is in it. */
const changeKindSchema = z.enum(['added', 'removed', 'modified', 'metadata', 'type'])

/** The cursor of a comparison is a path. */
export const diffQuerySchema = pageQuerySchema.extend({
  path: snapshotPathSchema.default('/'),
  cursor: snapshotPathSchema.optional(),
  /** Only these, with commas between them. */
  change: z
    .string()
    .max(100)
    .transform((text) => text.split(','))
    .pipe(z.array(changeKindSchema))
    .optional(),
})
export type DiffQuery = z.output<typeof diffQuerySchema>

const snapshotChangeSchema = z.object({
  path: snapshotPathSchema,
  name: z.string(),
  change: changeKindSchema,
  kind: entryKindSchema,
  sizeBefore: z.number().nullable(),
  sizeAfter: z.number().nullable(),
  modifiedBefore: timeSchema.nullable(),
  modifiedAfter: timeSchema.nullable(),
})
export type SnapshotChange = z.output<typeof snapshotChangeSchema>

/** Changes in the order of their paths. A page may hold fewer than were asked for, even none, while `next` tells that there is more. */
export const diffPageSchema = z.object({ items: z.array(snapshotChangeSchema), next: z.string().nullable() })
export type DiffPage = z.output<typeof diffPageSchema>

export const archiveQuerySchema = z.object({
  path: z.union([snapshotPathSchema.transform((path) => [path]), z.array(snapshotPathSchema).min(1).max(200)]),
  format: z.enum(['zip', 'tar']).default('zip'),
})
export type ArchiveQuery = z.output<typeof archiveQuerySchema>

/** So many paths are taken for one archive at most: an address holds fewer than a body. */
const ARCHIVE_PATHS_MAX = 10_000

/** `POST /api/v1/snapshots/:id/archive`: the same as JSON or as a form, for more paths than an address holds. */
export const archiveRequestSchema = archiveQuerySchema.extend({
  path: z.union([snapshotPathSchema.transform((path) => [path]), z.array(snapshotPathSchema).min(1).max(ARCHIVE_PATHS_MAX)]),
})

export const snapshotPatchSchema = z.object({ isPinned: z.boolean() })
export const snapshotTagsSchema = z.object({
  tags: z
    .array(
      z
        .string()
        .min(1)
        .max(200)
        .regex(/^[^,\p{Cc}]*$/u, 'must hold no comma and no control character'),
    )
    .max(50),
})

/** What would be lost if a snapshot were forgotten. */
export const forgetPlanSchema = z.object({
  snapshot: snapshotSchema,
  /** Other snapshots of the same client that stay. */
  remainingCount: z.number(),
  /** It is the newest of its plan, or of its host and folders. */
  isNewest: z.boolean(),
  /** Files of which no other snapshot holds the same version; null while the index of files does not know. */
  lostVersionCount: z.number().nullable(),
  lostVersionBytes: z.number().nullable(),
})
export type ForgetPlanView = z.output<typeof forgetPlanSchema>

export const fileSearchQuerySchema = pageQuerySchema.extend({
  /**
   * Part of a name, whatever the case; `*` stands for anything and `?` for one character, and then it has to fit the whole name. Where
   * fewer than three letters stand together there is no index, and pages may come short.
   */
  query: z.string().min(1).max(200),
  clientId: idTextSchema.optional(),
})
export type FileSearchQuery = z.output<typeof fileSearchQuerySchema>

/** A file or folder that some snapshots hold. */
const foundFileSchema = z.object({
  /** Null for snapshots that no client of this server made. */
  clientId: idSchema.nullable(),
  clientName: z.string().nullable(),
  path: snapshotPathSchema,
  name: z.string(),
  /** The folder, for people. */
  folder: z.string(),
  kind: entryKindSchema,
  versionCount: z.number(),
  /** Of the newest version. */
  sizeBytes: z.number().nullable(),
  modifiedAt: timeSchema.nullable(),
  /** The newest snapshot that holds it. */
  newestSnapshot: z.object({ id: idSchema, time: timeSchema }),
})
export type FoundFile = z.output<typeof foundFileSchema>

/** By client, then in an order that stays. A page may hold fewer than were asked for while `next` tells that there is more. */
export const fileSearchPageSchema = z.object({
  items: z.array(foundFileSchema),
  next: z.string().nullable(),
  /** Snapshots that are not in the index yet. */
  pendingSnapshots: z.number(),
})
export type FileSearchPage = z.output<typeof fileSearchPageSchema>

export const fileVersionsQuerySchema = z.object({
  /** Absent: of snapshots that no client of this server made. */
  clientId: idTextSchema.optional(),
  path: snapshotPathSchema,
})
export type FileVersionsQuery = z.output<typeof fileVersionsQuerySchema>

/** One version of a file, with the first and the last of the snapshots that hold it. */
const fileVersionSchema = z.object({
  kind: entryKindSchema,
  sizeBytes: z.number().nullable(),
  modifiedAt: timeSchema.nullable(),
  first: z.object({ id: idSchema, time: timeSchema }),
  last: z.object({ id: idSchema, time: timeSchema }),
  snapshotCount: z.number(),
})
export type FileVersion = z.output<typeof fileVersionSchema>

/** Newest first, a thousand at most. */
export const fileVersionsSchema = z.object({ path: snapshotPathSchema, name: z.string(), items: z.array(fileVersionSchema) })
export type FileVersions = z.output<typeof fileVersionsSchema>
