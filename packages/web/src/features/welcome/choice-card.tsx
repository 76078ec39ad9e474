import { Text, ThemeIcon, Title } from '@mantine/core'
import type { ReactElement, ReactNode } from 'react'
import { shownText } from '../../ui/message-text.tsx'
import classes from './welcome.module.css'

export interface ChoiceCardProps {
  readonly icon: ReactElement
  readonly title: string
  readonly hint?: string | undefined
  /** Whether it is what most people take. */
  readonly isProposed?: boolean
  readonly children?: ReactNode
}

/** One of several ways to go on, with what it needs. */
export function ChoiceCard({ icon, title, hint, isProposed = false, children }: ChoiceCardProps): ReactElement {
  return (
    <div className={classes.choice} data-proposed={isProposed || undefined}>
      <ThemeIcon
        variant="light"
        size={40}
        radius="md"
        color={isProposed ? 'kelp' : 'gray'}
        aria-hidden
        className={classes.choiceIcon ?? ''}
      >
        {icon}
      </ThemeIcon>
      <div className={classes.choiceBody}>
        <Title order={3}>{shownText(title)}</Title>
        {hint === undefined ? null : (
          <Text size="sm" c="dimmed">
            {hint}
          </Text>
        )}
        {children === undefined ? null : <div className={classes.choiceContent}>{children}</div>}
      </div>
    </div>
  )
}
