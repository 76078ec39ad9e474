import { useState } from 'react'
import { ApiFailure } from '../app/api.ts'
import { useSessionSeenAt } from '../app/session.tsx'

/** A failure, and what the form said when it came. */
export interface ToldFailure {
  readonly failure: unknown
  readonly draft: string
  /** Whether the form has been changed since. */
  readonly isOver: boolean
}

/**
 * The failure to send a form for as long as it is about what the form says: from when it came until the form is changed, or sent again.
 * `draft` is all that the form says. That nobody is signed in stands until somebody is.
 */
export function useFormFailure<Failure>(failure: Failure, draft: unknown): Failure | null {
  const seenAt = useSessionSeenAt()
  const isAboutSession = failure instanceof ApiFailure && failure.problem.code === 'auth.required'
  const present = JSON.stringify([draft, isAboutSession ? seenAt : 0])
  const [before, setBefore] = useState<ToldFailure>(() => toldFailure(undefined, failure, present))
  const told = toldFailure(before, failure, present)
  if (told !== before) setBefore(told)
  return told.isOver ? null : failure
}

/** What has become of a failure; the same as before where nothing has. */
export function toldFailure(before: ToldFailure | undefined, failure: unknown, draft: string): ToldFailure {
  if (before === undefined || before.failure !== failure) return { failure, draft, isOver: false }
  return before.isOver || failure === null || before.draft === draft ? before : { ...before, isOver: true }
}
