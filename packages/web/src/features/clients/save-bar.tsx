import { Button, Group } from '@mantine/core'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { clientPageMessages } from './client-messages.ts'
import classes from './client-page.module.css'

export interface SaveBarProps {
  readonly isChanged: boolean
  readonly isBusy: boolean
  readonly onDiscard: () => void
}

/** The end of a form: saves it by submitting, or puts it back to what is. */
export function SaveBar({ isChanged, isBusy, onDiscard }: SaveBarProps): ReactElement {
  const text = useMessages(clientPageMessages)
  return (
    <Group justify="flex-end" className={classes.save ?? ''} data-changed={isChanged || undefined}>
      {isChanged ? (
        <Button variant="default" onClick={onDiscard}>
          {text.discard}
        </Button>
      ) : null}
      <Button type="submit" disabled={!isChanged} loading={isBusy}>
        {text.save}
      </Button>
    </Group>
  )
}
