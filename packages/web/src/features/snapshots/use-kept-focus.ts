import { type FocusEvent, type RefObject, useLayoutEffect, useRef } from 'react'

export interface KeptFocus {
  onFocus(): void
  onBlur(event: FocusEvent<HTMLElement>): void
}

/**
 * Gives an element its focus back when it lost it by no act of anybody: while a page waits for something, the browser takes the focus of
 * what is hidden and never gives it back, and keys would go nowhere.
 */
export function useKeptFocus(element: RefObject<HTMLElement | null>): KeptFocus {
  const isWanted = useRef(false)
  useLayoutEffect(() => {
    if (isWanted.current && document.activeElement === document.body) element.current?.focus({ preventScroll: true })
  })
  return {
    onFocus: () => {
      isWanted.current = true
    },
    onBlur: ({ currentTarget }) => {
      isWanted.current = !currentTarget.checkVisibility()
    },
  }
}
