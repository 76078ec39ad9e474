import type { FieldReason } from '@holdfast/protocol'
import type { FieldProblem } from '../errors.ts'

/** More would not help anybody, and what was sent may be anything. */
const UNKNOWN_MAX = 20
const NAME_LENGTH_MAX = 100

/** What a schema has found wrong with a field. */
interface Finding {
  /** What kind of thing does not fit, as the library of the schemas calls it. */
  readonly keyword: string
  readonly instancePath: string
  readonly message?: string | undefined
  readonly params: Readonly<Record<string, unknown>>
}

/** Says for people and for programs what a schema has found. Fields that it does not know are named one by one. */
export function fieldProblemsOf(finding: Finding): readonly FieldProblem[] {
  const { keyword, instancePath, params } = finding
  if (keyword !== 'unrecognized_keys' || !Array.isArray(params.keys)) return [fieldProblemOf(finding)]
  return params.keys.slice(0, UNKNOWN_MAX).map((key) => ({
    // The body itself is at `/`.
    path: `${instancePath.replace(/\/$/, '')}/${String(key).slice(0, NAME_LENGTH_MAX)}`,
    message: 'is no field that the server knows',
  }))
}

function fieldProblemOf(finding: Finding): FieldProblem {
  const { instancePath: path, message = '' } = finding
  const reason = reasonOf(finding)
  if (reason === undefined) return { path, message }
  const limit = limitOf(finding, reason)
  return { path, message: wordsOf(reason, limit) ?? message, reason, ...(limit === undefined ? {} : { limit }) }
}

/** For people, after the name of the field; the library of the schemas speaks of strings and types. */
function wordsOf(reason: FieldReason, limit: number | undefined): string | undefined {
  const bounded = (words: string): string | undefined => (limit === undefined ? undefined : words)
  switch (reason) {
    case 'missing':
      return 'is needed, and must not be empty'
    case 'too-short':
      return bounded(`must have at least ${limit} characters`)
    case 'too-long':
      return bounded(`must have at most ${limit} characters`)
    case 'too-few':
      return bounded(`must have at least ${limit} entries`)
    case 'too-many':
      return bounded(`must have at most ${limit} entries`)
    case 'too-small':
      return bounded(`must be at least ${limit}`)
    case 'too-large':
      return bounded(`must be at most ${limit}`)
    case 'not-a-number':
      return 'must be a number'
    case 'not-whole':
      return 'must be a whole number'
    case 'not-an-email':
      return 'must be a mail address'
    case 'not-a-url':
      return 'must be a URL'
    default:
      return undefined
  }
}

function reasonOf({ keyword, message = '', params }: Finding): FieldReason | undefined {
  switch (keyword) {
    case 'invalid_type':
      if (/received undefined$/.test(message)) return 'missing'
      if (params.expected === 'int') return 'not-whole'
      return params.expected === 'number' ? 'not-a-number' : 'wrong-form'
    case 'too_small':
      if (params.origin === 'string' && params.minimum === 1) return 'missing'
      return ({ string: 'too-short', array: 'too-few' }[String(params.origin)] as FieldReason | undefined) ?? 'too-small'
    case 'too_big':
      return ({ string: 'too-long', array: 'too-many' }[String(params.origin)] as FieldReason | undefined) ?? 'too-large'
    case 'invalid_format':
      if (params.format === 'email') return 'not-an-email'
      return params.format === 'url' ? 'not-a-url' : 'wrong-form'
    case 'invalid_value':
      return 'not-a-choice'
    default:
      return undefined
  }
}

/** The bound itself counts as within it. */
function limitOf({ params }: Finding, reason: FieldReason): number | undefined {
  const limit = params.minimum ?? params.maximum
  return reason === 'missing' || params.inclusive === false || typeof limit !== 'number' ? undefined : limit
}
