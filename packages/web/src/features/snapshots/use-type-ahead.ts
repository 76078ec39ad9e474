import { useCallback, useEffect, useRef, useState } from 'react'
import { later } from '../../app/clock.ts'
import { queryClient } from '../../app/query-client.ts'
import { type FolderView, placeQuery } from './queries.ts'

/** Letters that follow each other within this time belong together. */
const PAUSE_MS = 900
const LETTERS_MAX = 100
/** The server is not asked for every letter of a word that is typed fast. */
const ASKED_MS = 40

export interface TypeAhead {
  /** What was typed a moment ago. */
  readonly letters: string
  /** Whether a name begins so; undefined while nobody knows. */
  readonly isFound: boolean | undefined
  type(letter: string, cursor: number | undefined): void
}

/** Looks in a folder, on the server, for the next name that begins with the letters that are typed. */
export function useTypeAhead(view: FolderView, moveTo: (place: number) => void): TypeAhead {
  const [typed, setTyped] = useState<{ readonly letters: string; readonly isFound: boolean | undefined }>({
    letters: '',
    isFound: undefined,
  })
  const letters = useRef('')
  const stopWaiting = useRef<(() => void) | undefined>(undefined)
  const stopAsking = useRef<(() => void) | undefined>(undefined)
  const place = JSON.stringify(view)
  // biome-ignore lint/correctness/useExhaustiveDependencies: in another folder another word begins
  useEffect(
    () => () => {
      stopWaiting.current?.()
      stopAsking.current?.()
      letters.current = ''
      setTyped({ letters: '', isFound: undefined })
    },
    [place],
  )
  const type = useCallback(
    (letter: string, cursor: number | undefined) => {
      const prefix = (letters.current + letter).slice(0, LETTERS_MAX)
      letters.current = prefix
      setTyped(({ isFound }) => ({ letters: prefix, isFound }))
      stopWaiting.current?.()
      stopWaiting.current = later(PAUSE_MS, () => {
        letters.current = ''
        setTyped({ letters: '', isFound: undefined })
      })
      // One letter goes on to the next name, more of them stay with the one that fits already.
      const from = cursor === undefined ? 0 : prefix.length === 1 ? cursor + 1 : cursor
      const take = ({ place }: { readonly place: number | null }): void => {
        if (letters.current !== prefix) return
        setTyped({ letters: prefix, isFound: place !== null })
        if (place !== null) moveTo(place)
      }
      stopAsking.current?.()
      stopAsking.current = later(ASKED_MS, () => {
        // A jump that fails is typed again.
        queryClient
          .fetchQuery(placeQuery(view, { prefix, from }))
          .then(take)
          .catch(() => undefined)
      })
    },
    [view, moveTo],
  )
  return { ...typed, type }
}
