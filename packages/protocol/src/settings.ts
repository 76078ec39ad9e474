import { z } from 'zod'

/** Where a setting was found: the first of these places that has it counts. */
const settingPlaceSchema = z.enum(['environment', 'env-file', 'yaml-file', 'command', 'built-in'])
export type SettingPlace = z.output<typeof settingPlaceSchema>

/** A setting that the server runs with. */
export const settingSchema = z.object({
  /** In the YAML file. */
  name: z.string(),
  kind: z.enum(['text', 'number', 'boolean', 'list', 'secret']),
  /** As text, a list with commas. Null for secrets: whether there is one is all that is told. */
  value: z.string().nullable(),
  isSet: z.boolean(),
  place: settingPlaceSchema,
  /** The variable that it comes from; null unless it is one of the environment or of `.env`. */
  variable: z.string().nullable(),
  /** Variables that set it; the first that is set counts. */
  variables: z.array(z.string()),
  meaning: z.string(),
})
export type Setting = z.output<typeof settingSchema>
