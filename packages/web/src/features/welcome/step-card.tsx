import { Text, Title } from '@mantine/core'
import { type ReactElement, type ReactNode, useEffect, useId, useRef } from 'react'
import { shownText } from '../../ui/message-text.tsx'
import classes from './welcome.module.css'

export interface StepCardProps {
  readonly title: string
  readonly lead: ReactNode
  /** Whether the heading takes the keyboard: after another step, so that it is read out. */
  readonly takesFocus: boolean
  readonly children: ReactNode
}

/** One step: what it is about, and what to do. */
export function StepCard({ title, lead, takesFocus, children }: StepCardProps): ReactElement {
  const id = useId()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (takesFocus) heading.current?.focus()
  }, [takesFocus])
  return (
    <section aria-labelledby={id} className={classes.card}>
      <Title order={2} id={id} ref={heading} tabIndex={-1} className={classes.cardTitle ?? ''}>
        {title}
      </Title>
      <Text c="dimmed" size="sm" mt={4} mb="md" component="div">
        {shownText(lead)}
      </Text>
      {children}
    </section>
  )
}
