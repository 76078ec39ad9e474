import type { Language } from '../../app/language.tsx'

/** What forms understand of JSON Schema, and the words beside it. */
export interface JsonSchema {
  readonly type?: string
  readonly title?: string
  readonly description?: string
  readonly 'x-ja'?: SchemaWords
  /** A control that suits it better than its type tells: `folders`, `patterns`, `lines`, `bytes`. */
  readonly 'x-control'?: string
  /** Few people need it. */
  readonly 'x-advanced'?: boolean
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly enum?: readonly (string | number)[]
  readonly default?: unknown
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly maxItems?: number
}

/** What people read of a field. */
export interface SchemaWords {
  readonly title?: string
  readonly description?: string
}

/** What a form holds: by the names of the schema's properties. */
export type SchemaValue = Readonly<Record<string, unknown>>

/** What a field is called, in a language if it has words in that; by its own name when it has none. */
export function wordsOf(
  schema: JsonSchema,
  name: string,
  language: Language,
): { readonly title: string; readonly description: string | undefined } {
  const translated = language === 'ja' ? schema['x-ja'] : undefined
  return { title: translated?.title ?? schema.title ?? name, description: translated?.description ?? schema.description }
}

/** What a form begins with: the defaults of the schema, and something empty for what is required. */
export function defaultsOf(schema: JsonSchema): SchemaValue {
  const entries = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const value = field.default ?? (schema.required?.includes(name) === true ? emptyOf(field) : undefined)
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(entries)
}

/** What is wrong with a field or with anything in it, by paths with dots. */
export function errorOf(errors: Readonly<Record<string, string>>, path: string): string | undefined {
  return errors[path] ?? Object.entries(errors).find(([one]) => one.startsWith(`${path}.`))?.[1]
}

/** Errors of what lies below a path, by their paths from there. */
export function errorsBelow(errors: Readonly<Record<string, string>>, path: string): Readonly<Record<string, string>> {
  const within = Object.entries(errors).filter(([one]) => one.startsWith(`${path}.`))
  return Object.fromEntries(within.map(([one, message]) => [one.slice(path.length + 1), message]))
}

function emptyOf(schema: JsonSchema): unknown {
  switch (schema.type) {
    case 'array':
      return []
    case 'object':
      return defaultsOf(schema)
    case 'boolean':
      return false
    case 'string':
      return schema.enum?.[0] ?? ''
    default:
      return schema.minimum
  }
}
