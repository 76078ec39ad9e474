import type { Setting } from '@holdfast/protocol'
import { Checkbox, Group, TextInput } from '@mantine/core'
import { IconSearch, IconSettings } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { type Language, useLanguage, useMessages } from '../../app/language.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Page } from '../../ui/page.tsx'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { AdminsOnly } from './admins-only.tsx'
import { OperationLinks } from './operation-links.tsx'
import { settingsQuery } from './queries.ts'
import { SettingList } from './setting-list.tsx'
import { JAPANESE_MEANINGS, SETTING_GROUPS } from './setting-meanings.ts'
import { settingsMessages } from './settings-messages.ts'

/** What the server runs with, and where each setting comes from. */
export function SettingsPage(): ReactElement {
  const { title } = useMessages(settingsMessages)
  return (
    <AdminsOnly title={title}>
      <SettingsOfServer />
    </AdminsOnly>
  )
}

function SettingsOfServer(): ReactElement {
  const text = useMessages(settingsMessages)
  const { data, error, refetch } = useQuery(settingsQuery)
  return (
    <Page title={text.title} description={text.description}>
      {error === null ? null : <FailureNotice failure={error} retry={() => void refetch()} />}
      {data === undefined ? error === null && <Waiting lines={10} height={24} /> : <Settings settings={data} />}
      <OperationLinks />
    </Page>
  )
}

interface SettingsSearch {
  readonly search?: string | undefined
  readonly set?: string | undefined
}

function Settings({ settings }: { readonly settings: readonly Setting[] }): ReactElement {
  const text = useMessages(settingsMessages)
  const { language } = useLanguage()
  const { search = '', set }: SettingsSearch = useSearch({ strict: false })
  const navigate = useNavigate()
  const show = (changes: SettingsSearch): void =>
    void navigate({ to: '.', search: (now: SettingsSearch) => ({ ...now, ...changes }), replace: true })
  const found = settings.filter((setting) => (set !== 'yes' || setting.place !== 'built-in') && fits(setting, search, language))
  return (
    <>
      <Group mb="md" gap="md">
        <TextInput
          aria-label={text.find}
          placeholder={text.find}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search}
          onChange={(event) => show({ search: event.currentTarget.value })}
          w={{ base: '100%', xs: 320 }}
        />
        <Checkbox
          label={text.onlySet}
          checked={set === 'yes'}
          onChange={(event) => show({ set: event.currentTarget.checked ? 'yes' : undefined })}
        />
      </Group>
      {found.length === 0 ? (
        <EmptyState icon={<IconSettings />} title={text.none}>
          {text.noneHelp}
        </EmptyState>
      ) : null}
      {(['network', 'storage', 'accounts'] as const).map((group) => {
        const members: readonly string[] = SETTING_GROUPS[group]
        const shown = found.filter(({ name }) => members.includes(name))
        return shown.length === 0 ? null : (
          <Section key={group} title={text[group]}>
            <SettingList settings={shown} label={text[group]} />
          </Section>
        )
      })}
    </>
  )
}

function fits({ name, variables, meaning, value }: Setting, search: string, language: Language): boolean {
  const words = language === 'ja' ? (JAPANESE_MEANINGS[name] ?? meaning) : meaning
  return [name, ...variables, words, value ?? ''].some((text) => text.toLowerCase().includes(search.trim().toLowerCase()))
}
