import type { FieldReason } from '@holdfast/protocol'
import type { FieldProblem } from '../errors.ts'

/** What a schema has found wrong with a field. */
interface Finding {
  /** What kind of thing does not fit, as the library of the schemas calls it. */
  readonly keyword: string
  readonly instancePath: string
  readonly message?: string | undefined
  readonly params: Readonly<Record<string, unknown>>
}

/** Says for people and for programs what a schema has found. */
export function fieldProblemOf(finding: Finding): FieldProblem {
  const { instancePath: path, message = '' } = finding
  const reason = reasonOf(finding)
  return { path, message, ...(reason === undefined ? {} : { reason }), ...limitOf(finding, reason) }
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
function limitOf({ params }: Finding, reason: FieldReason | undefined): { readonly limit?: number } {
  const limit = params.minimum ?? params.maximum
  return reason === 'missing' || params.inclusive === false || typeof limit !== 'number' ? {} : { limit }
}
