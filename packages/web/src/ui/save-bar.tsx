import { Button, Text } from '@mantine/core'
import type { ReactElement, ReactNode } from 'react'
import { useMessages } from '../app/language.tsx'
import { uiMessages } from './messages.ts'
import classes from './save-bar.module.css'
import { UnsavedGuard } from './unsaved-guard.tsx'

export interface SaveBarProps {
  readonly isChanged: boolean
  readonly isBusy: boolean
  /** What has to be put right before it can be saved; '' for nothing. */
  readonly problem?: string
  /** Why it was not saved. It is told in full at the end of the form, which may be out of sight. */
  readonly failure?: Error | null
  readonly onDiscard: () => void
}

/** The end of a form: saves it by submitting, or puts it back to what is. Whoever leaves with changes is asked first. */
export function SaveBar({ isChanged, isBusy, problem = '', failure = null, onDiscard }: SaveBarProps): ReactElement {
  const text = useMessages(uiMessages)
  const wrong = problem !== '' || failure === null || isBusy ? problem : text.notSaved
  return (
    <FormBar note={isChanged ? wrong || text.unsaved : ''} isWrong={wrong !== ''} isRaised={isChanged}>
      {isChanged ? (
        <Button variant="default" onClick={onDiscard} disabled={isBusy}>
          {text.discard}
        </Button>
      ) : null}
      <Button type="submit" disabled={!isChanged} loading={isBusy}>
        {text.save}
      </Button>
      <UnsavedGuard isUnsaved={isChanged} />
    </FormBar>
  )
}

export interface FormBarProps {
  readonly note: string
  /** Whether the note says what is wrong. */
  readonly isWrong: boolean
  /** Whether it stays in sight wherever somebody is in the form. */
  readonly isRaised: boolean
  readonly children: ReactNode
}

/** What can be done with a form, and a note beside it. */
export function FormBar({ note, isWrong, isRaised, children }: FormBarProps): ReactElement {
  return (
    <div className={classes.bar} data-raised={isRaised || undefined}>
      <Text size="sm" {...(isWrong ? { c: 'red' } : {})} className={classes.note ?? ''} role="status">
        {note}
      </Text>
      {children}
    </div>
  )
}
