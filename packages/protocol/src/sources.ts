import { z } from 'zod'

const textSchema = z.object({ title: z.string(), description: z.string() })

/** A kind of thing that can be backed up, with all that a form needs to ask for it. */
export const sourceKindSchema = z.object({
  kind: z.string(),
  title: z.string(),
  description: z.string(),
  /** The same in other languages of the pages. */
  'x-ja': textSchema,
  /** The field of a plan that holds the settings. */
  planField: z.string(),
  /**
   * JSON Schema of the settings. Each field has `title` and `description`, in other languages under `x-ja`; `x-control` names a control
   * that suits it better than its type tells, and `x-advanced` marks what few people need.
   */
  schema: z.record(z.string(), z.unknown()),
})
export type SourceKind = z.output<typeof sourceKindSchema>
