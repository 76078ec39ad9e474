import type { z } from 'zod'
import { ServerError } from '../../errors.ts'

/** What is wrong of all that is wrong; a body can be wrong in a million places. */
const ISSUES_MAX = 20

/** What a schema makes of a body, or of what was made of one. @throws {ServerError} `request.invalid`, which says what does not fit */
export function readBySchema<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.slice(0, ISSUES_MAX)
  throw new ServerError('request.invalid', issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; '))
}
