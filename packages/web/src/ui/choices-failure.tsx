import { Anchor } from '@mantine/core'
import type { ReactElement } from 'react'
import { defineMessages, useMessages } from '../app/language.tsx'
import { MessageText } from './message-text.tsx'

const messages = defineMessages({
  en: { failed: 'These could not be loaded', retry: 'Try again' },
  ja: { failed: '選択肢を読み込めませんでした', retry: '再試行' },
})

/** A query for what can be chosen. */
export interface ChoicesQuery {
  readonly error: Error | null
  /** Whether it has failed, and nothing is known from before. */
  readonly isLoadingError: boolean
  /** Whether nothing is known yet. */
  readonly isPending: boolean
  /** How often it has failed. */
  readonly errorUpdateCount: number
  readonly isFetching: boolean
  readonly refetch: () => Promise<unknown>
}

/** What to show as the error of a field whose choices could not be loaded, also while it is tried again; undefined for nothing. */
export function choicesFailure(query: ChoicesQuery): ReactElement | undefined {
  const { isLoadingError, isPending, errorUpdateCount } = query
  return isLoadingError || (isPending && errorUpdateCount > 0) ? <ChoicesFailure query={query} /> : undefined
}

function ChoicesFailure({ query: { error, isFetching, refetch } }: { readonly query: ChoicesQuery }): ReactElement {
  const text = useMessages(messages)
  return (
    <span role="alert">
      {error === null ? `${text.failed}.` : `${text.failed}: `}
      <MessageText>{error?.message ?? ''}</MessageText> {/* Not `disabled`, which would take the focus from whoever has pressed it. */}
      <Anchor
        component="button"
        type="button"
        size="xs"
        underline="always"
        aria-disabled={isFetching}
        onClick={() => (isFetching ? undefined : void refetch())}
      >
        {text.retry}
      </Anchor>
    </span>
  )
}
