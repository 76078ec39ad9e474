import { z } from 'zod'

/** An id that the server's database gives. */
export const idSchema = z.int().positive()

/** An id in a path or a query, where everything is text. */
export const idTextSchema = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, 'must be a whole number')
  .transform(Number)

/** A time in ISO 8601, in UTC. */
export const timeSchema = z.iso.datetime()

/** One page of a long list: `limit` at most, those after `cursor`, which an earlier page gave as `next`. */
export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(200).optional(),
})
