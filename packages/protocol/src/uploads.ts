import { z } from 'zod'
import { idSchema, timeSchema } from './fields.ts'

const blobIdSchema = z.string().regex(/^[0-9a-f]{64}$/)
const countSchema = z.int().min(0)

/**
 * How an agent that holds no key backs up: it opens an upload, asks about blobs by name, sends or proves them, and commits a snapshot.
 * Bodies of questions, proofs and blobs are `application/octet-stream`; `upload-frames.ts` describes those of questions and proofs.
 */

/** `POST /agent/v1/uploads`. */
export const openUploadSchema = z.object({
  repositoryId: idSchema,
  /** The run that this is part of. */
  runId: idSchema.nullable().default(null),
  /** What is backed up, absolute: finds the parent snapshot. */
  paths: z.array(z.string().min(1).max(4096)).min(1).max(1000),
})
export type OpenUpload = z.output<typeof openUploadSchema>

export const uploadOpenedSchema = z.object({
  uploadId: z.string(),
  /** The polynomial that cuts, in hexadecimal. */
  chunkerPolynomial: z.string(),
  /** The client's newest snapshot of the same paths. */
  parent: z.object({ snapshotId: blobIdSchema, treeId: blobIdSchema, time: timeSchema }).nullable(),
})
export type UploadOpened = z.output<typeof uploadOpenedSchema>

/** `POST /agent/v1/uploads/:uploadId/trees`: trees of the parent snapshot. The answer is frames: these, and others that they lead to. */
export const readTreesSchema = z.object({ trees: z.array(blobIdSchema).min(1).max(100) })

/** Statistics in the form that restic's snapshots keep. */
const uploadSummarySchema = z.object({
  backup_start: z.string().max(100),
  backup_end: z.string().max(100),
  files_new: countSchema,
  files_changed: countSchema,
  files_unmodified: countSchema,
  dirs_new: countSchema,
  dirs_changed: countSchema,
  dirs_unmodified: countSchema,
  data_blobs: countSchema,
  tree_blobs: countSchema,
  data_added: countSchema,
  data_added_packed: countSchema,
  total_files_processed: countSchema,
  total_bytes_processed: countSchema,
})

/** `POST /agent/v1/uploads/:uploadId/commit`. Host, user and, where it is not now, time are what the server says they are. */
export const commitUploadSchema = z.object({
  tree: blobIdSchema,
  time: z.string().max(100),
  paths: z.array(z.string().min(1).max(4096)).min(1).max(1000),
  tags: z.array(z.string().min(1).max(200)).max(50).default([]),
  excludes: z.array(z.string().max(4096)).max(1000).default([]),
  parent: blobIdSchema.nullable().default(null),
  programVersion: z.string().max(100).nullable().default(null),
  summary: uploadSummarySchema.nullable().default(null),
})
export type CommitUpload = z.output<typeof commitUploadSchema>

export const uploadCommittedSchema = z.object({ snapshotId: blobIdSchema })
