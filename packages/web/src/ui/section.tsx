import { Box, Group, Text, Title } from '@mantine/core'
import { type ReactElement, type ReactNode, useId } from 'react'
import classes from './page.module.css'

export interface SectionProps {
  readonly title: ReactNode
  readonly description?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** A part of a page, on a ground of its own, under a heading. */
export function Section({ title, description, actions, children }: SectionProps): ReactElement {
  const id = useId()
  return (
    <Box component="section" className={classes.section} aria-labelledby={id}>
      <Group justify="space-between" align="flex-start" gap="sm" mb="sm">
        <div className={classes.heading}>
          <Title order={2} id={id}>
            {title}
          </Title>
          {description === undefined ? null : (
            <Text c="dimmed" size="sm" component="div">
              {description}
            </Text>
          )}
        </div>
        {actions === undefined ? null : <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Box>
  )
}
