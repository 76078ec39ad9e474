import { Notification } from '@mantine/core'
import { IconAlertTriangle, IconCheck, IconInfoCircle } from '@tabler/icons-react'
import { type ReactElement, type ReactNode, useSyncExternalStore } from 'react'
import { later } from '../app/clock.ts'
import { useMessages } from '../app/language.tsx'
import { shownText } from './message-text.tsx'
import { uiMessages } from './messages.ts'
import classes from './notices.module.css'

/** Something that is said in passing. */
export interface Notice {
  readonly title: string
  readonly message?: ReactNode
  readonly tone: 'good' | 'bad' | 'plain'
}

interface ShownNotice extends Notice {
  readonly id: number
}

const SHOWN_MS = 6000
const SHOWN_MAX = 4

let shown: readonly ShownNotice[] = []
let lastId = 0
const listeners = new Set<() => void>()

/** Says something in passing, in a corner of the page. Failures stay until they are dismissed. */
export function showNotice(notice: Notice): void {
  lastId += 1
  const id = lastId
  change([...shown, { ...notice, id }].slice(-SHOWN_MAX))
  if (notice.tone !== 'bad') later(SHOWN_MS, () => dismiss(id))
}

function dismiss(id: number): void {
  change(shown.filter((one) => one.id !== id))
}

function change(next: readonly ShownNotice[]): void {
  shown = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

/** Where notices appear; once, in the frame of all pages. */
export function Notices(): ReactElement {
  const text = useMessages(uiMessages)
  const notices = useSyncExternalStore(subscribe, () => shown)
  return (
    <div className={classes.notices} role="status" aria-live="polite">
      <div className={classes.stack}>
        {notices.map(({ id, title, message, tone }) => (
          <Notification
            key={id}
            title={shownText(title)}
            withBorder
            color={{ good: 'kelp', bad: 'red', plain: 'blue' }[tone]}
            icon={{ good: <IconCheck size={18} />, bad: <IconAlertTriangle size={18} />, plain: <IconInfoCircle size={18} /> }[tone]}
            closeButtonProps={{ 'aria-label': text.dismiss }}
            classNames={{
              root: classes.notice ?? '',
              title: classes.title ?? '',
              description: classes.message ?? '',
              closeButton: classes.close ?? '',
            }}
            styles={{ description: { color: 'var(--mantine-color-dimmed)' } }}
            onClose={() => dismiss(id)}
          >
            {shownText(message)}
          </Notification>
        ))}
      </div>
    </div>
  )
}
