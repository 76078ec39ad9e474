import { z } from 'zod'

/** Why a field does not fit, for programs. */
const fieldReasonSchema = z.enum([
  'missing',
  'too-short',
  'too-long',
  'too-few',
  'too-many',
  'too-small',
  'too-large',
  'not-a-number',
  'not-whole',
  'not-an-email',
  'not-a-url',
  'not-a-choice',
  'wrong-form',
  'not-absolute',
  'not-a-schedule',
  'too-often',
  'never-due',
  'not-a-time-zone',
  'taken',
  'there-already',
])
export type FieldReason = z.output<typeof fieldReasonSchema>

const fieldProblemSchema = z.object({
  path: z.string(),
  message: z.string(),
  reason: fieldReasonSchema.optional().describe('Why, for programs; absent when `message` alone says it.'),
  limit: z.number().optional().describe('The least or the most that may be: of characters, of entries, or of the number itself.'),
})

/** How every failure is answered: problem details as of RFC 9457, with our `code`, and `detail` for people. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  code: z.string(),
  /** Which parts of the request do not fit. */
  fields: z.array(fieldProblemSchema).optional(),
  /** After how long trying again makes sense: what the header `Retry-After` says. */
  retryAfterSeconds: z.number().optional(),
})

export type Problem = z.output<typeof problemSchema>
