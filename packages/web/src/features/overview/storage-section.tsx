import type { Overview } from '@holdfast/protocol'
import { Anchor, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useFormat } from '../../ui/format.ts'
import { Section } from '../../ui/section.tsx'
import { overviewMessages } from './messages.ts'
import classes from './overview.module.css'

/** What is protected against what it takes up, and what is saved. */
export function StorageSection({ data }: { readonly data: Overview['data'] }): ReactElement {
  const text = useMessages(overviewMessages)
  return (
    <Section title={text.storage} description={text.storageLead}>
      <Savings data={data} />
      <Anchor component={Link} to="/repositories" size="sm" display="inline-block" mt="xs">
        {text.toRepositories}
      </Anchor>
    </Section>
  )
}

function Savings({ data }: { readonly data: Overview['data'] }): ReactElement {
  const text = useMessages(overviewMessages)
  const format = useFormat()
  const { protectedBytes, storedBytes, savedShare, deduplicationRatio, compressionRatio } = data
  if (protectedBytes === 0) {
    return (
      <Text size="sm" c="dimmed">
        {text.notCounted}
      </Text>
    )
  }
  const largest = Math.max(protectedBytes, storedBytes)
  const hasRatios = deduplicationRatio !== null && compressionRatio !== null
  return (
    <div>
      <Amount label={text.protectedData} value={format.bytes(protectedBytes)} share={protectedBytes / largest} />
      <Amount label={text.storedData} value={format.bytes(storedBytes)} share={storedBytes / largest} isStored />
      {savedShare === null ? null : (
        <>
          <Text className={classes.saved ?? ''} mt="md">
            {text.saved(format.percent(Math.round(savedShare * 1000) / 1000))}
          </Text>
          <Text size="sm" c="dimmed">
            {hasRatios ? text.savedWhy(format.count(deduplicationRatio), format.count(compressionRatio)) : text.savedOwn}
          </Text>
        </>
      )}
    </div>
  )
}

interface AmountProps {
  readonly label: string
  readonly value: string
  readonly share: number
  readonly isStored?: boolean
}

function Amount({ label, value, share, isStored = false }: AmountProps): ReactElement {
  return (
    <div className={classes.amount}>
      <div className={classes.liveHead}>
        <Text size="sm" component="span">
          {label}
        </Text>
        <Text size="sm" fw={600} component="span" className={classes.figureText ?? ''}>
          {value}
        </Text>
      </div>
      <div className={classes.bar} aria-hidden>
        <span data-stored={isStored || undefined} style={{ width: `${Math.max(0.5, share * 100)}%` }} />
      </div>
    </div>
  )
}
