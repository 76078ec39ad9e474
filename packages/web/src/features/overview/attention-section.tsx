import type { AttentionItem, Overview } from '@holdfast/protocol'
import { Anchor, Group, Text, VisuallyHidden } from '@mantine/core'
import { IconAlertTriangle, IconClockExclamation, IconInfoCircle, IconShieldCheck } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { Moment } from '../../ui/figures.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { Section } from '../../ui/section.tsx'
import { attentionMessages } from './attention-messages.ts'
import { attentionWords } from './attention-words.ts'
import { overviewMessages } from './messages.ts'
import classes from './overview.module.css'

/** More than these are shown when somebody asks for them. */
const SHOWN_FIRST = 5

export interface AttentionSectionProps {
  readonly overview: Overview
  /** Whether all are shown; the address says so. */
  readonly isOpen: boolean
}

/** What needs somebody, the most urgent first, each with what to do and where; or that nothing does. */
export function AttentionSection({ overview, isOpen }: AttentionSectionProps): ReactElement {
  const text = useMessages(overviewMessages)
  const { items, total } = overview.attention
  if (total === 0) return <AllWell overview={overview} />
  const shown = isOpen ? items : items.slice(0, SHOWN_FIRST)
  return (
    <Section title={text.attention} description={text.attentionLead(total)}>
      <ul className={classes.list}>
        {shown.map((item) => (
          <AttentionRow key={`${item.kind} ${item.clientId} ${item.planId} ${item.repositoryId}`} item={item} />
        ))}
      </ul>
      {items.length <= SHOWN_FIRST ? null : (
        <Anchor
          size="sm"
          className={classes.more ?? ''}
          renderRoot={(props) => <Link {...props} to="/" search={isOpen ? {} : { attention: 'all' }} />}
        >
          {isOpen ? text.showLess : text.showAll(items.length)}
        </Anchor>
      )}
      {isOpen && total > items.length ? (
        <Text size="sm" c="dimmed" mt="xs">
          {text.more(total - items.length)}{' '}
          <Anchor inherit renderRoot={(props) => <Link {...props} to="/clients" search={{ sort: 'state' }} />}>
            {text.byNeed}
          </Anchor>
        </Text>
      ) : null}
    </Section>
  )
}

function AttentionRow({ item }: { readonly item: AttentionItem }): ReactElement {
  const text = useMessages(overviewMessages)
  const { title, help, link, sinceLabel } = attentionWords(item, useMessages(attentionMessages))
  const { Icon, label } = {
    critical: { Icon: IconAlertTriangle, label: text.critical },
    warning: { Icon: IconClockExclamation, label: text.warning },
    notice: { Icon: IconInfoCircle, label: text.notice },
  }[item.severity]
  return (
    <li className={classes.attention} data-severity={item.severity}>
      <span className={classes.sign} title={label}>
        <Icon size={18} aria-hidden />
        <VisuallyHidden>{label}: </VisuallyHidden>
      </span>
      <div className={classes.words}>
        <Text fw={600} component="div" lh={1.35}>
          <FileName>{title}</FileName>
        </Text>
        {item.error === null ? null : (
          <Text size="sm" component="div" lineClamp={2} className={classes.reason ?? ''}>
            <FileName>{item.error.message}</FileName>
          </Text>
        )}
        <Text size="sm" c="dimmed" component="div">
          {help}
        </Text>
      </div>
      <div className={classes.whereTo}>
        <Anchor size="sm" fw={600} renderRoot={(props) => <Link {...props} to={link.to} search={link.search ?? {}} />}>
          {link.label}
          <VisuallyHidden>: {title}</VisuallyHidden>
        </Anchor>
        <Text size="sm" c="dimmed" component="div">
          {sinceLabel} <Moment at={item.since} />
        </Text>
      </div>
    </li>
  )
}

function AllWell({ overview }: { readonly overview: Overview }): ReactElement {
  const text = useMessages(overviewMessages)
  const { total, disabled, new: fresh, protected: safe } = overview.clients
  return (
    <Section title={text.attention}>
      <Group gap="sm" wrap="nowrap" align="flex-start">
        <span className={classes.well} aria-hidden>
          <IconShieldCheck size={26} />
        </span>
        <div>
          <Text fw={600}>{text.allWell}</Text>
          <Text size="sm" c="dimmed">
            {safe === total - disabled && safe > 0 ? text.allWellLead(safe) : null} {fresh > 0 ? text.someNew(fresh) : null}{' '}
            {disabled > 0 ? text.someOff(disabled) : null}
          </Text>
        </div>
      </Group>
    </Section>
  )
}
