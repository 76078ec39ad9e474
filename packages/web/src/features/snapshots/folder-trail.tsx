import { IconChevronRight } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { browserMessages } from './browser-messages.ts'
import classes from './folder.module.css'
import { stepsOf } from './snapshot-path.ts'

/** The way to a folder, each step a link. */
export function FolderTrail({ snapshotId, path }: { readonly snapshotId: number; readonly path: string }): ReactElement {
  const text = useMessages(browserMessages)
  const steps = stepsOf(path)
  const link = (to: string, selected: string | undefined, name: ReactElement | string): ReactElement => (
    <Link to="/snapshots/$snapshotId" params={{ snapshotId: String(snapshotId) }} search={(now) => ({ ...now, path: to, selected })}>
      {name}
    </Link>
  )
  return (
    <nav aria-label={text.trail}>
      <ol className={classes.trail}>
        <li>{steps.length === 0 ? <span aria-current="page">{text.root}</span> : link('/', steps[0]?.path, text.root)}</li>
        {steps.map((step, index) => (
          <li key={step.path}>
            <IconChevronRight size={14} className={classes.icon} aria-hidden />
            {index === steps.length - 1 ? (
              <span aria-current="page">
                <FileName>{step.name}</FileName>
              </span>
            ) : (
              link(step.path, steps[index + 1]?.path, <FileName>{step.name}</FileName>)
            )}
          </li>
        ))}
      </ol>
    </nav>
  )
}
