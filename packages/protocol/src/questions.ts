import { z } from 'zod'
import { idSchema, timeSchema } from './fields.ts'
import { selectionSchema } from './plans.ts'
import { entryKindSchema, snapshotPathSchema } from './snapshots.ts'

/** Entries of one folder that an agent tells of at most. */
export const FOLDER_ENTRIES_MAX = 5000
/** The longest answer of an agent that a server takes. */
export const QUESTION_ANSWER_BYTES_MAX = 4 * 1024 * 1024
/** How long an agent may look for an answer; what it has found by then is the answer. */
export const QUESTION_SECONDS_MAX = 20

/** The longest path that machines take, in bytes. */
export const MACHINE_PATH_BYTES_MAX = 4096
/** Longer than the name of any file is. */
export const MACHINE_NAME_BYTES_MAX = 1020

/** A path or name as the machine has it: one character (0 to 255) for each byte. For agents and servers alone. */
const byteTextSchema = z
  .string()
  .min(1)
  .max(MACHINE_PATH_BYTES_MAX)
  .regex(/^[^\u0100-\uffff]+$/, 'must hold one character for each byte')
  .refine((text) => !text.includes('\0'), 'must hold no zero byte')
const byteNameSchema = byteTextSchema
  .max(MACHINE_NAME_BYTES_MAX)
  .refine((name) => !name.includes('/') && name !== '.' && name !== '..', 'must be the name of an entry')
const bytePathSchema = byteTextSchema.refine((path) => path.startsWith('/'), 'must be an absolute path')
const countSchema = z.int().min(0)

/** Something that a server wants to know of a machine now. */
export const questionSchema = z.discriminatedUnion('kind', [
  /** What is in a folder; null stands for the folders that the machine begins with. */
  z.object({ kind: z.literal('folder'), path: bytePathSchema.nullable() }),
  /** What a backup of this selection would take and what it would leave out. */
  z.object({ kind: z.literal('selection'), selection: selectionSchema }),
])
export type Question = z.output<typeof questionSchema>

/** A question on its way to an agent. */
export const askedQuestionSchema = z.object({ id: idSchema, question: questionSchema })
export type AskedQuestion = z.output<typeof askedQuestionSchema>

/**
 * `POST /agent/v1/questions/claim`: waits up to `waitSeconds` for a question. For agents that cannot take a run now; the others hear of
 * questions in the answer to `POST /agent/v1/runs/claim`.
 */
export const claimQuestionSchema = z.object({ waitSeconds: z.int().min(0).max(50).default(0) })
export const claimedQuestionSchema = z.object({ question: askedQuestionSchema.nullable() })

const foundEntrySchema = z.object({
  name: byteNameSchema,
  kind: entryKindSchema,
  sizeBytes: countSchema.nullable(),
  /** Milliseconds since 1970. */
  modifiedAtMs: z.number().min(-8.64e15).max(8.64e15).nullable(),
})
const foundFolderSchema = z.object({ path: bytePathSchema, fileCount: countSchema, sizeBytes: countSchema })
const sumSchema = z.object({ fileCount: countSchema, folderCount: countSchema, sizeBytes: countSchema })

/** `POST /agent/v1/questions/:id`: what the agent found. Each kind answers the question of that kind; `failure` any. */
export const questionAnswerSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('folder'),
    entries: z.array(foundEntrySchema).max(FOLDER_ENTRIES_MAX),
    /** There are more entries. */
    isTruncated: z.boolean(),
  }),
  /** The folders that the machine begins with. */
  z.object({ kind: z.literal('roots'), paths: z.array(bytePathSchema).min(1).max(1000) }),
  z.object({
    kind: z.literal('selection'),
    included: sumSchema,
    excluded: sumSchema,
    biggestFolders: z.array(foundFolderSchema).max(50),
    biggestExcluded: z.array(foundFolderSchema).max(50),
    /** Selected paths that do not exist. */
    missing: z.array(bytePathSchema).max(1000),
    unreadableCount: countSchema,
    /** Time or patience ran out: there is more than these figures say. */
    isPartial: z.boolean(),
  }),
  z.object({
    kind: z.literal('failure'),
    /** `forbidden`: the owner of the machine does not allow it. `missing`: there is no such folder. `failed`: anything else. */
    reason: z.enum(['forbidden', 'missing', 'failed']),
    message: z.string().min(1).max(2000),
  }),
])
export type QuestionAnswer = z.output<typeof questionAnswerSchema>
export type SelectionAnswer = Extract<QuestionAnswer, { kind: 'selection' }>

/** `GET /api/v1/clients/:id/folders`: without a path, the folders that the machine begins with. */
export const folderQuerySchema = z.object({ path: snapshotPathSchema.optional() })
export type FolderQuery = z.output<typeof folderQuerySchema>

const machineEntrySchema = z.object({
  /** The address, of the same form as those in snapshots. */
  path: snapshotPathSchema,
  /** What names it in the selection of a plan; null where that cannot be written, because the path is no text. */
  selectionPath: z.string().nullable(),
  /** For people: bytes that are no text, and characters that would mislead, are replaced. */
  name: z.string(),
  kind: entryKindSchema,
  /** Null for what has no content. */
  sizeBytes: z.number().nullable(),
  modifiedAt: timeSchema.nullable(),
})
export type MachineEntry = z.output<typeof machineEntrySchema>

/** A folder of a machine as it is now: folders first, then by name. */
export const machineFolderSchema = z.object({
  /** Null for the folders that the machine begins with. */
  path: snapshotPathSchema.nullable(),
  entries: z.array(machineEntrySchema),
  /** There are more entries than an answer holds. */
  isTruncated: z.boolean(),
})
export type MachineFolder = z.output<typeof machineFolderSchema>

const weighedFolderSchema = machineEntrySchema
  .pick({ path: true, selectionPath: true, name: true })
  .extend({ fileCount: z.number(), sizeBytes: z.number() })
export type WeighedFolder = z.output<typeof weighedFolderSchema>

/** `POST /api/v1/clients/:id/selection-preview`. */
export const selectionPreviewSchema = z.object({
  included: z.object({ fileCount: z.number(), folderCount: z.number(), sizeBytes: z.number() }),
  /** What the rules leave out: with a folder, all that is in it. */
  excluded: z.object({ fileCount: z.number(), folderCount: z.number(), sizeBytes: z.number() }),
  /** Folders that a backup takes much of; largest first, and none that is large by one folder in it alone. */
  biggestFolders: z.array(weighedFolderSchema),
  /** What is left out, largest first; with a folder, all that is in it. */
  biggestExcluded: z.array(weighedFolderSchema),
  /** Selected paths that do not exist on the machine, for people. */
  missing: z.array(z.string()),
  /** Files and folders that could not be read. */
  unreadableCount: z.number(),
  /** Time ran out while counting: there is more than these figures say. */
  isPartial: z.boolean(),
})
export type SelectionPreview = z.output<typeof selectionPreviewSchema>
