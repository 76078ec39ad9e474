import { z } from 'zod'

/** The largest number that an id has room for in the database. */
const ID_MAX = 2 ** 31 - 1

/** An id that the server's database gives. */
export const idSchema = z.int().positive().max(ID_MAX)

/** An id in a path or a query, where everything is text. */
export const idTextSchema = z
  .string()
  .regex(/^[1-9]\d{0,9}$/, 'must be a whole number')
  .transform(Number)
  .refine((id) => id <= ID_MAX, 'is more than any number that is given')

/** A time in ISO 8601, in UTC. */
export const timeSchema = z.iso.datetime()

/** One page of a long list: `limit` at most, those after `cursor`, which an earlier page gave as `next`. */
export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(200).optional(),
})
