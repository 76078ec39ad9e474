import type { AuditEntry } from '@holdfast/protocol'
import { ActionIcon, Anchor, Code, Text } from '@mantine/core'
import {
  IconAlertTriangle,
  IconBell,
  IconCalendarTime,
  IconChevronRight,
  IconDatabase,
  IconDeviceDesktop,
  IconKey,
  IconListCheck,
  IconLogin2,
  IconShieldLock,
  IconStack2,
  IconUser,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type ReactElement, type ReactNode, useId } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { useFormat } from '../../ui/format.ts'
import { pathOf, subjectOf } from './audit-fact.ts'
import { auditMessages } from './audit-messages.ts'
import classes from './audit-row.module.css'

const ICONS: Readonly<Record<string, typeof IconUser>> = {
  'sign-in': IconAlertTriangle,
  session: IconLogin2,
  'second-factor': IconShieldLock,
  'single-sign-on': IconShieldLock,
  user: IconUser,
  'api-token': IconKey,
  client: IconDeviceDesktop,
  plan: IconCalendarTime,
  run: IconListCheck,
  snapshot: IconStack2,
  repository: IconDatabase,
  channel: IconBell,
}

export interface AuditRowProps {
  readonly entry: AuditEntry
  readonly sentence: string
  readonly isOpen: boolean
  readonly onToggle: () => void
}

/** One entry of the audit log: a sentence, and all that is known when it is opened. */
export function AuditRow({ entry, sentence, isOpen, onToggle }: AuditRowProps): ReactElement {
  const text = useMessages(auditMessages)
  const format = useFormat()
  const id = useId()
  const Icon = ICONS[entry.action.split('.')[0] ?? ''] ?? IconUser
  return (
    <div className={classes.entry}>
      <div className={classes.line}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={28}
          onClick={onToggle}
          aria-expanded={isOpen}
          aria-controls={id}
          aria-label={text.detailsOf(sentence)}
        >
          <IconChevronRight size={16} aria-hidden className={classes.chevron ?? ''} data-open={isOpen || undefined} />
        </ActionIcon>
        <Icon size={18} stroke={1.6} aria-hidden className={classes.icon ?? ''} />
        <Text size="sm" component="div" className={classes.sentence ?? ''}>
          <FileName>{sentence}</FileName>
        </Text>
        <Text size="sm" c="dimmed" component="time" dateTime={entry.at} title={format.exact(entry.at)} className={classes.time ?? ''}>
          {format.moment(entry.at)}
        </Text>
      </div>
      <div id={id} hidden={!isOpen}>
        {isOpen ? <Details entry={entry} /> : null}
      </div>
    </div>
  )
}

function Details({ entry }: { readonly entry: AuditEntry }): ReactElement {
  const text = useMessages(auditMessages)
  const format = useFormat()
  const path = pathOf(subjectOf(entry.subject))
  const facts: readonly (readonly [string, ReactNode])[] = [
    [text.time, format.exact(entry.at)],
    [text.actor, <FileName key="actor">{entry.actor}</FileName>],
    [text.address, entry.address === '' ? '–' : entry.address],
    [text.action, <Code key="action">{entry.action}</Code>],
    [
      text.subject,
      path === undefined ? (
        <FileName key="subject">{entry.subject}</FileName>
      ) : (
        <Anchor key="subject" size="sm" renderRoot={(props) => <Link {...props} to={path} />}>
          <FileName>{entry.subject}</FileName>
        </Anchor>
      ),
    ],
  ]
  return (
    <dl className={classes.details}>
      {facts.map(([name, value]) => (
        <div key={name} className={classes.fact}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      {Object.keys(entry.detail).length === 0 ? null : (
        <div className={classes.fact}>
          <dt>{text.fact}</dt>
          <dd>
            <Code block className={classes.json ?? ''}>
              {linesOf(entry.detail).map((line) => (
                <div key={line}>
                  <FileName>{line}</FileName>
                </div>
              ))}
            </Code>
          </dd>
        </div>
      )}
    </dl>
  )
}

/** One fact a line, as JSON: it says what kind of value each is, and that of names nothing is left out. */
function linesOf(detail: AuditEntry['detail']): readonly string[] {
  return Object.entries(detail).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
}
