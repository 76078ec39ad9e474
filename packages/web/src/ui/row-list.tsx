import { Group, Text } from '@mantine/core'
import type { ReactElement, ReactNode } from 'react'
import classes from './row-list.module.css'

export interface RowListProps {
  readonly label: string
  readonly children: ReactNode
}

/** A short list of things, one row each; on narrow screens what belongs to a row stands below it. */
export function RowList({ label, children }: RowListProps): ReactElement {
  return (
    <ul className={classes.rows} aria-label={label}>
      {children}
    </ul>
  )
}

export interface RowProps {
  readonly icon?: ReactNode
  readonly title: ReactNode
  /** Small facts below the title. */
  readonly children?: ReactNode
  readonly actions?: ReactNode
}

/** One thing in a `RowList`. */
export function Row({ icon, title, children, actions }: RowProps): ReactElement {
  return (
    <li className={classes.row}>
      {icon === undefined ? null : (
        <div className={classes.icon} aria-hidden>
          {icon}
        </div>
      )}
      <div className={classes.text}>
        <Text fw={600} component="div" className={classes.title ?? ''}>
          {title}
        </Text>
        {children === undefined ? null : (
          <Text size="sm" c="dimmed" component="div">
            {children}
          </Text>
        )}
      </div>
      {actions === undefined ? null : (
        <Group gap="xs" className={classes.actions ?? ''}>
          {actions}
        </Group>
      )}
    </li>
  )
}
