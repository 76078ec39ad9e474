import { type RefObject, useEffect, useRef, useState } from 'react'

/** What {@link useTries} gives. */
export interface Tries<Form extends HTMLElement> {
  /** For the element that has the fields. */
  readonly form: RefObject<Form | null>
  /** Whether the form was ever submitted: only then does it tell what is wrong. */
  readonly isTried: boolean
  /** To be called when the form is submitted. */
  readonly tried: () => void
  /** To be called when the form begins anew. */
  readonly begunAnew: () => void
}

/**
 * Tells whether a form was submitted, and brings the first field that is wrong then into view and gives it the focus: it may lie far above
 * the button. The same goes for what the server refused, which `failure` holds; where no field is wrong, what is said of it is brought
 * into view.
 */
export function useTries<Form extends HTMLElement>(failure: unknown): Tries<Form> {
  const form = useRef<Form>(null)
  const [count, setCount] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: each try and each failure is a reason to look
  useEffect(() => {
    if (count === 0) return
    const shown = (selector: string): HTMLElement | undefined =>
      [...(form.current?.querySelectorAll<HTMLElement>(selector) ?? [])].find((one) => one.checkVisibility())
    const wrong = shown('[aria-invalid="true"]')
    if (wrong) wrong.focus()
    else shown('[role="alert"]')?.scrollIntoView({ block: 'nearest' })
  }, [count, failure])
  return { form, isTried: count > 0, tried: () => setCount((before) => before + 1), begunAnew: () => setCount(0) }
}
