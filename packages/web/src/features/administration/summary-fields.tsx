import { NativeSelect, SimpleGrid } from '@mantine/core'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import type { ChannelDraft } from './channel-draft.ts'
import type { ChannelFieldsProps } from './channel-fields.tsx'
import { channelMessages } from './channel-messages.ts'

const HOURS = Array.from({ length: 24 }, (_, hour) => ({ value: String(hour), label: `${String(hour).padStart(2, '0')}:00` }))

/** When a channel gets a summary of what happened. */
export function SummaryFields({ draft, errors, onChange }: ChannelFieldsProps): ReactElement {
  const text = useMessages(channelMessages)
  return (
    <SimpleGrid cols={{ base: 1, xs: draft.every === 'never' ? 1 : 3 }} spacing="sm">
      <NativeSelect
        label={text.summary}
        value={draft.every}
        onChange={(event) => onChange({ every: event.currentTarget.value as ChannelDraft['every'] })}
        data={[
          { value: 'never', label: text.summaryNever },
          { value: 'day', label: text.summaryDay },
          { value: 'week', label: text.summaryWeek },
        ]}
      />
      {draft.every === 'never' ? null : (
        <>
          <NativeSelect
            label={text.hour}
            value={String(draft.hour)}
            onChange={(event) => onChange({ hour: Number(event.currentTarget.value) })}
            data={HOURS}
          />
          <NativeSelect
            label={text.timeZone}
            value={draft.timeZone}
            onChange={(event) => onChange({ timeZone: event.currentTarget.value })}
            error={errors.timeZone}
            data={zonesWith(draft.timeZone)}
          />
        </>
      )}
    </SimpleGrid>
  )
}

/** All zones that the browser knows, and the one that is set whether it does or not. */
function zonesWith(zone: string): string[] {
  return [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone'), zone])]
}
