import type { Problem } from '@holdfast/protocol'
import { ApiFailure } from '../app/api.ts'
import { useMessages } from '../app/language.tsx'
import { fieldMessages } from './field-messages.ts'

type FieldProblem = NonNullable<Problem['fields']>[number]
type FieldWords = (typeof fieldMessages)['en']

/** What the server says of single fields of a form, by their paths with dots (`schedule.cron`). Empty for any other failure. */
export function useFieldErrors(failure: unknown): Readonly<Record<string, string>> {
  const text = useMessages(fieldMessages)
  return failure instanceof ApiFailure ? fieldErrorsOf(failure.problem, text) : {}
}

/** The same in given words; of more than one for a field, the first is told. */
export function fieldErrorsOf({ fields = [] }: Pick<Problem, 'fields'>, text: FieldWords): Readonly<Record<string, string>> {
  return Object.fromEntries(
    fields
      .toReversed()
      .map((field) => [field.path.replace(/^\//, '').replaceAll('/', '.'), wordsOf(field, text) ?? text.refused(field.message)]),
  )
}

/** Nothing where only the server's own words say it. */
function wordsOf({ reason, limit }: FieldProblem, text: FieldWords): string | undefined {
  const bounded = (words: (limit: number) => string): string | undefined => (limit === undefined ? undefined : words(limit))
  switch (reason) {
    case 'missing':
      return text.missing
    case 'too-short':
      return bounded(text.tooShort)
    case 'too-long':
      return bounded(text.tooLong)
    case 'too-few':
      return bounded(text.tooFew)
    case 'too-many':
      return bounded(text.tooMany)
    case 'too-small':
      return bounded(text.tooSmall)
    case 'too-large':
      return bounded(text.tooLarge)
    case 'not-a-number':
      return text.notNumber
    case 'not-whole':
      return text.notWhole
    case 'not-an-email':
      return text.notEmail
    case 'not-a-url':
      return text.notUrl
    case 'not-a-choice':
      return text.notChoice
    case 'wrong-form':
      return text.wrongForm
    case 'not-absolute':
      return text.notAbsolute
    case 'not-a-schedule':
      return text.notSchedule
    case 'too-often':
      return text.tooOften
    case 'never-due':
      return text.neverDue
    case 'not-a-time-zone':
      return text.notTimeZone
    case 'taken':
      return text.taken
    case 'there-already':
      return text.thereAlready
    default:
      return undefined
  }
}
