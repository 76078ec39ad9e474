import { Group, Stack, Text, ThemeIcon, Title } from '@mantine/core'
import type { ReactElement, ReactNode } from 'react'

export interface EmptyStateProps {
  readonly icon: ReactNode
  readonly title: string
  readonly actions?: ReactNode
  /** What would be here, and how it comes to be. */
  readonly children: ReactNode
}

/** Stands where there is nothing yet, and says how there will be. */
export function EmptyState({ icon, title, actions, children }: EmptyStateProps): ReactElement {
  return (
    <Stack align="center" gap="xs" py="xl" px="md">
      <ThemeIcon size={48} radius="xl" variant="light" aria-hidden>
        {icon}
      </ThemeIcon>
      <Title order={2} ta="center">
        {title}
      </Title>
      <Text c="dimmed" size="sm" ta="center" maw={520} component="div">
        {children}
      </Text>
      {actions === undefined ? null : <Group mt="xs">{actions}</Group>}
    </Stack>
  )
}
