import type { Overview } from '@holdfast/protocol'
import { Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactElement, ReactNode } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useFormat } from '../../ui/format.ts'
import { overviewMessages } from './messages.ts'
import classes from './overview.module.css'

/** Four figures that say how much is protected; each leads to what it counts. */
export function FiguresStrip({ overview }: { readonly overview: Overview }): ReactElement {
  const text = useMessages(overviewMessages)
  const format = useFormat()
  const { clients, data } = overview
  const active = clients.total - clients.disabled
  const fresh = clients.new
  const unsafe = active - clients.protected - fresh
  return (
    <ul className={classes.figures}>
      <Figure
        to="/clients"
        label={text.protectedClients}
        value={text.of(format.count(clients.protected), format.count(active))}
        note={unsafe > 0 ? text.unprotectedNote(unsafe) : fresh > 0 ? text.newNote(fresh) : text.protectedNote}
      >
        <span className={classes.share} data-calm={unsafe === 0 || undefined}>
          <span style={{ width: `${active === 0 ? 0 : (100 * clients.protected) / active}%` }} />
        </span>
      </Figure>
      <Figure to="/snapshots" label={text.snapshots} value={format.count(data.snapshots)} note={text.snapshotsNote} />
      <Figure to="/snapshots" label={text.protectedData} value={format.bytes(data.protectedBytes)} note={text.protectedDataNote} />
      <Figure to="/repositories" label={text.storedData} value={format.bytes(data.storedBytes)} note={text.storedDataNote} />
    </ul>
  )
}

interface FigureProps {
  readonly to: string
  readonly label: string
  readonly value: string
  readonly note: string
  readonly children?: ReactNode
}

function Figure({ to, label, value, note, children }: FigureProps): ReactElement {
  return (
    <li>
      <Link to={to} className={classes.figure}>
        <Text size="sm" c="dimmed" component="span">
          {label}
        </Text>
        <span className={classes.value}>{value}</span>
        <Text size="sm" c="dimmed" component="span" className={classes.note ?? ''}>
          {note}
        </Text>
        {children}
      </Link>
    </li>
  )
}
