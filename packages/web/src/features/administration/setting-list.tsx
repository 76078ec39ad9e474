import type { Setting, SettingPlace } from '@holdfast/protocol'
import { Badge, Code, Text } from '@mantine/core'
import type { ReactElement } from 'react'
import { useLanguage, useMessages } from '../../app/language.tsx'
import { FileName } from '../../ui/file-name.tsx'
import classes from './setting-list.module.css'
import { JAPANESE_MEANINGS } from './setting-meanings.ts'
import { settingsMessages } from './settings-messages.ts'

export interface SettingListProps {
  readonly settings: readonly Setting[]
  readonly label: string
}

/** Settings, one a row: what it means, what it is, where that comes from. */
export function SettingList({ settings, label }: SettingListProps): ReactElement {
  return (
    <ul className={classes.list} aria-label={label}>
      {settings.map((setting) => (
        <SettingRow key={setting.name} setting={setting} />
      ))}
    </ul>
  )
}

function SettingRow({ setting }: { readonly setting: Setting }): ReactElement {
  const text = useMessages(settingsMessages)
  const { language } = useLanguage()
  const { name, meaning, place, variable, variables } = setting
  const places: Readonly<Record<SettingPlace, string>> = {
    environment: text.environment,
    'env-file': text.envFile,
    'yaml-file': text.yamlFile,
    command: text.byCommand,
    'built-in': text.builtIn,
  }
  const words = language === 'ja' ? (JAPANESE_MEANINGS[name] ?? meaning) : meaning.replaceAll('`', '')
  return (
    <li className={classes.row}>
      <div className={classes.name}>
        <Text fw={600} component="div">
          {name}
        </Text>
        <Text size="sm" c="dimmed">
          {words}
        </Text>
      </div>
      <div className={classes.value}>
        <SettingValue setting={setting} />
      </div>
      <div className={classes.place}>
        <Badge variant={place === 'built-in' ? 'default' : 'light'} tt="none">
          {places[place]}
        </Badge>
        <Text size="xs" c="dimmed" mt={2} className={classes.variable ?? ''}>
          {variable ?? text.setBy(variables.join(', '))}
        </Text>
      </div>
    </li>
  )
}

function SettingValue({ setting: { value, isSet } }: { readonly setting: Setting }): ReactElement {
  const text = useMessages(settingsMessages)
  if (!isSet) {
    return (
      <Text size="sm" c="dimmed">
        {text.notSet}
      </Text>
    )
  }
  if (value === null) return <Text size="sm">{text.secretSet}</Text>
  return (
    <Code>
      <FileName>{value}</FileName>
    </Code>
  )
}
