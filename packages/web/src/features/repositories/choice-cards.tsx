import { Radio, SimpleGrid, Stack, Text } from '@mantine/core'
import type { ReactElement } from 'react'
import classes from './choice-cards.module.css'

export interface ChoiceCardsProps<Value extends string> {
  /** For screen readers: a heading says it to all others. */
  readonly label: string
  readonly value: Value
  readonly choices: readonly { readonly value: Value; readonly label: string; readonly description?: string }[]
  readonly onChange: (value: Value) => void
  readonly columns: number
}

/** One of a few things, each with what it means. */
export function ChoiceCards<Value extends string>({ label, value, choices, onChange, columns }: ChoiceCardsProps<Value>): ReactElement {
  return (
    <Radio.Group aria-label={label} value={value} onChange={(chosen) => onChange(chosen as Value)}>
      <SimpleGrid cols={{ base: 1, sm: columns }} spacing="sm">
        {choices.map((choice) => (
          <Radio.Card key={choice.value} value={choice.value} className={classes.card ?? ''} aria-label={choice.label}>
            <Radio.Indicator mt={2} />
            <Stack gap={2} miw={0}>
              <Text size="sm" fw={600}>
                {choice.label}
              </Text>
              {choice.description === undefined ? null : (
                <Text size="sm" c="dimmed">
                  {choice.description}
                </Text>
              )}
            </Stack>
          </Radio.Card>
        ))}
      </SimpleGrid>
    </Radio.Group>
  )
}
