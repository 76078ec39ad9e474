import type { Role } from '@holdfast/protocol'
import { Badge, Stack, Tabs } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useMe } from '../../app/session.tsx'
import { Page } from '../../ui/page.tsx'
import { accountMessages } from './messages.ts'
import { PasswordSection } from './password-section.tsx'
import { AppearanceSection } from './preferences-section.tsx'
import { RetentionSection } from './retention-section.tsx'
import { SecondFactorSection } from './second-factor-section.tsx'
import { SessionsSection } from './sessions-section.tsx'
import { SingleSignOnSection } from './single-sign-on-section.tsx'
import { TokensSection } from './tokens-section.tsx'

const TABS = ['security', 'sessions', 'tokens', 'preferences'] as const
type Tab = (typeof TABS)[number]

/** What one does with one's own account. */
export function AccountPage(): ReactElement {
  const text = useMessages(accountMessages)
  const { username, role } = useMe()
  const { tab } = useSearch({ strict: false })
  const navigate = useNavigate()
  const labels: Readonly<Record<Tab, string>> = {
    security: text.tabSecurity,
    sessions: text.tabSessions,
    tokens: text.tabTokens,
    preferences: text.tabPreferences,
  }
  const roles: Readonly<Record<Role, string>> = { admin: text.roleAdmin, operator: text.roleOperator, viewer: text.roleViewer }
  return (
    <Page
      title={text.title}
      description={<bdi>{username}</bdi>}
      aside={
        <Badge variant="light" tt="none">
          {roles[role]}
        </Badge>
      }
    >
      <Tabs
        value={TABS.find((one) => one === tab) ?? 'security'}
        onChange={(next) => void navigate({ to: '.', search: { tab: next ?? undefined }, replace: true })}
        keepMounted={false}
      >
        <Tabs.List mb="md" aria-label={text.title} style={{ flexWrap: 'nowrap', overflowX: 'auto', overflowY: 'hidden' }}>
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one} style={{ flexShrink: 0 }}>
              {labels[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="security">
          <Stack gap="md">
            <PasswordSection />
            <SecondFactorSection />
            <SingleSignOnSection />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="sessions">
          <SessionsSection />
        </Tabs.Panel>
        <Tabs.Panel value="tokens">
          <TokensSection />
        </Tabs.Panel>
        <Tabs.Panel value="preferences">
          <Stack gap="md">
            <AppearanceSection />
            <RetentionSection />
          </Stack>
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}
