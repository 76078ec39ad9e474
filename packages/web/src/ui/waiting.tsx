import { Skeleton, Stack, VisuallyHidden } from '@mantine/core'
import type { ReactElement } from 'react'
import { useMessages } from '../app/language.tsx'
import { uiMessages } from './messages.ts'

/** Holds the place of what is being fetched, so that nothing jumps when it comes. */
export function Waiting({ lines = 4, height = 20 }: { readonly lines?: number; readonly height?: number }): ReactElement {
  const text = useMessages(uiMessages)
  return (
    <Stack gap="sm" aria-busy="true">
      <VisuallyHidden role="status">{text.loading}</VisuallyHidden>
      {Array.from({ length: lines }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines that are all the same
        <Skeleton key={index} height={height} width={`${100 - (index % 3) * 12}%`} />
      ))}
    </Stack>
  )
}
