import { type MantineColorScheme, SegmentedControl, Stack, Text, useMantineColorScheme } from '@mantine/core'
import { type ReactElement, useId } from 'react'
import { type Language, useLanguage, useMessages } from '../../app/language.tsx'
import { Section } from '../../ui/section.tsx'
import { accountMessages } from './messages.ts'

/** How the pages look and speak. */
export function AppearanceSection(): ReactElement {
  const text = useMessages(accountMessages)
  const { language, choose } = useLanguage()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Section title={text.appearance} description={text.appearanceHelp}>
      <Stack gap="md" maw={420}>
        <Choice
          label={text.language}
          value={language}
          onChange={(value) => choose(value as Language)}
          choices={[
            { value: 'en', label: 'English' },
            { value: 'ja', label: '日本語' },
          ]}
        />
        <Choice
          label={text.theme}
          value={colorScheme}
          onChange={(value) => setColorScheme(value as MantineColorScheme)}
          choices={[
            { value: 'auto', label: text.themeAuto },
            { value: 'light', label: text.themeLight },
            { value: 'dark', label: text.themeDark },
          ]}
        />
      </Stack>
    </Section>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly choices: readonly { readonly value: string; readonly label: string }[]
}

function Choice({ label, value, onChange, choices }: ChoiceProps): ReactElement {
  const id = useId()
  return (
    <div>
      <Text id={id} size="sm" fw={500} mb={4}>
        {label}
      </Text>
      <SegmentedControl aria-labelledby={id} value={value} onChange={onChange} data={[...choices]} fullWidth />
    </div>
  )
}
