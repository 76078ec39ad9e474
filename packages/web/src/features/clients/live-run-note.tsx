import type { Run } from '@holdfast/protocol'
import { Text } from '@mantine/core'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useLiveRuns } from '../../app/live.ts'
import { useFormat } from '../../ui/format.ts'
import { clientMessages } from './messages.ts'

/** Says that a client is being backed up now, and how far that is; nothing while it is not. */
export function LiveRunNote({ clientId }: { readonly clientId: number }): ReactElement | null {
  const text = useMessages(clientMessages)
  const format = useFormat()
  const run = useLiveRuns().find((one) => one.clientId === clientId && one.kind === 'backup' && one.state === 'running')
  if (run === undefined) return null
  const share = shareOf(run)
  return (
    <Text size="sm" style={{ color: 'light-dark(var(--mantine-color-blue-8), var(--mantine-color-blue-3))' }}>
      {text.running(share === undefined ? '' : format.percent(share))}
    </Text>
  )
}

function shareOf({ progress }: Run): number | undefined {
  if (progress === null || progress.totalBytes === null || progress.totalBytes === 0) return undefined
  return Math.floor(Math.min(1, progress.doneBytes / progress.totalBytes) * 100) / 100
}
