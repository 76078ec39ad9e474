import { z } from 'zod'

/** How every failure is answered: problem details as of RFC 9457, with our `code`, and `detail` for people. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  code: z.string(),
  /** Which parts of the request do not fit. */
  fields: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  /** After how long trying again makes sense: what the header `Retry-After` says. */
  retryAfterSeconds: z.number().optional(),
})

export type Problem = z.output<typeof problemSchema>
