import { z } from 'zod'
import { restoreOrderSchema } from './agent-link.ts'
import { idSchema, timeSchema } from './fields.ts'

/** As agents take it: they run on systems whose paths begin with a slash. */
const targetSchema = z.string().max(4096).startsWith('/', 'must be an absolute path, such as /home/ann/restored')

/** `POST /api/v1/snapshots/:id/restore`: has an agent bring files back. */
export const newRestoreSchema = restoreOrderSchema.omit({ snapshotId: true, sources: true }).extend({
  /** Whose agent; the snapshot's own client when it is left out. */
  clientId: idSchema.optional(),
  paths: restoreOrderSchema.shape.paths.default([]),
  /** Where to; null for where it came from. */
  target: targetSchema
    .refine((target) => !target.includes('\0'), 'must not hold NUL')
    .nullable()
    .default(null),
  overwrite: restoreOrderSchema.shape.overwrite.default('if-changed'),
  delete: restoreOrderSchema.shape.delete.default(false),
})
export type NewRestore = z.output<typeof newRestoreSchema>

/** `POST /agent/v1/restores`: a restore that the machine itself asks for, and begins at once. */
export const ownRestoreSchema = newRestoreSchema.omit({ clientId: true }).extend({
  /** `latest`, or the beginning of the id of one of the client's snapshots. */
  snapshot: z.string().regex(/^(latest|[0-9a-f]{4,64})$/, 'must be `latest` or at least 4 digits of an id'),
  /** As in a claim. */
  instance: z.string().regex(/^[\w-]{1,64}$/),
})
export type OwnRestore = z.output<typeof ownRestoreSchema>

/** `GET /agent/v1/snapshots`: those of the agent's client, newest first. */
export const ownSnapshotsSchema = z.object({
  items: z.array(
    z.object({
      snapshotId: z.string(),
      time: timeSchema,
      paths: z.array(z.string()),
      tags: z.array(z.string()),
      sizeBytes: z.number().nullable(),
      fileCount: z.number().nullable(),
    }),
  ),
})
export type OwnSnapshots = z.output<typeof ownSnapshotsSchema>

/** `POST /agent/v1/runs/:runId/lent`: the snapshot of a restore, as it is lent to the agent. */
export const lentSchema = z.object({
  tree: z.string().regex(/^[0-9a-f]{64}$/),
  chunkerPolynomial: z.string(),
  /** How many parts the index of its blobs has. */
  indexParts: z.int().min(0),
  /** How much is restored, folders counted as files; null where counting it would have taken too long. */
  total: z
    .object({ files: z.int().min(0), bytes: z.number().min(0) })
    .nullable()
    .default(null),
})
export type Lent = z.output<typeof lentSchema>

/** The key under which everything lent is sealed, drawn by the agent: 32 bytes for AES-256, 16 and 16 for Poly1305-AES (k, then r). */
const lendingKeySchema = z.string().regex(/^[A-Za-z0-9+/]{86}==$/)

/** `POST /agent/v1/runs/:runId/lent/index`: one part of the index, as a sealed index file. */
export const readLentIndexSchema = z.object({ key: lendingKeySchema, part: z.int().min(0).max(1_000_000) })

/** The most that is read of a pack at once. */
export const LENT_RANGE_BYTES_MAX = 64 * 1024 * 1024

/** `POST /agent/v1/runs/:runId/lent/pack`: bytes of a pack, its lent blobs sealed. */
export const readLentPackSchema = z.object({
  key: lendingKeySchema,
  pack: z.string().regex(/^[0-9a-f]{64}$/),
  offset: z.int().min(0).max(0xffff_ffff),
  length: z.int().min(1).max(LENT_RANGE_BYTES_MAX),
})
