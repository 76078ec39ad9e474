import { Group } from '@mantine/core'
import type { ReactElement, ReactNode } from 'react'
import classes from './dialog-actions.module.css'

/** The buttons at the end of a long dialog: they are at hand wherever it is scrolled to. */
export function DialogActions({ children }: { readonly children: ReactNode }): ReactElement {
  return (
    <Group justify="flex-end" gap="sm" className={classes.actions ?? ''}>
      {children}
    </Group>
  )
}
