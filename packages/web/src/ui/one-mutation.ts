import { type UseMutationOptions, useMutation } from '@tanstack/react-query'
import { useRef } from 'react'

/** What {@link useOneMutation} gives. */
export interface OneMutation<Variables> {
  /** Does it; nothing while it is under way and once it is done. */
  readonly mutate: (variables: Variables) => void
  readonly error: Error | null
  /** Whether it is under way or done. */
  readonly isPending: boolean
  /** What it was last begun with. */
  readonly variables: Variables | undefined
}

/**
 * A mutation that is done once: for what makes something and then gives way to another page or view. The second click of a double click,
 * and one that comes while the next page is being loaded, makes nothing more. After a failure it may be tried again.
 */
export function useOneMutation<Result, Variables = void>(options: UseMutationOptions<Result, Error, Variables>): OneMutation<Variables> {
  const { mutate, error, isPending, isSuccess, variables } = useMutation(options)
  // Two clicks may come before the page is drawn again.
  const isTaken = useRef(false)
  return {
    mutate: (next) => {
      if (isTaken.current) return
      isTaken.current = true
      mutate(next, {
        onError: () => {
          isTaken.current = false
        },
      })
    },
    error,
    isPending: isPending || isSuccess,
    variables,
  }
}
