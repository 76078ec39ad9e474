import type { ClientLogPage, LogLevel } from '@holdfast/protocol'
import { IconAlertTriangle, IconBug, IconExclamationCircle, IconInfoCircle } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useFormat } from '../../ui/format.ts'
import { MessageText } from '../../ui/message-text.tsx'
import { StateBadge } from '../../ui/run-state-badge.tsx'
import { clientPageMessages } from './client-messages.ts'
import classes from './client-page.module.css'

export const LOG_LEVELS: readonly LogLevel[] = ['error', 'warning', 'info', 'debug']

const SIGNS = {
  error: { color: 'red', Icon: IconAlertTriangle },
  warning: { color: 'orange', Icon: IconExclamationCircle },
  info: { color: 'blue', Icon: IconInfoCircle },
  debug: { color: 'gray', Icon: IconBug },
} as const

/** One line of a log. */
export function LogLine({ line }: { readonly line: ClientLogPage['items'][number] }): ReactElement {
  const labels = useLevelLabels()
  const format = useFormat()
  const { color, Icon } = SIGNS[line.level]
  return (
    <div className={classes.line}>
      <time dateTime={line.at} title={format.exact(line.at)} className={classes.time}>
        {format.moment(line.at)}
      </time>
      <span>
        <StateBadge color={color} label={labels[line.level]} icon={<Icon size={13} aria-hidden />} />
      </span>
      <span className={classes.message}>
        <MessageText>{line.message}</MessageText>
      </span>
    </div>
  )
}

/** What the levels of a log are called. */
export function useLevelLabels(): Readonly<Record<LogLevel, string>> {
  const text = useMessages(clientPageMessages)
  return { error: text.levelError, warning: text.levelWarning, info: text.levelInfo, debug: text.levelDebug }
}
