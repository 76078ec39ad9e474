import type { ApiToken, Scope } from '@holdfast/protocol'
import { Anchor, Badge, Button, Group } from '@mantine/core'
import { IconKey, IconPlus } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { now } from '../../app/clock.ts'
import { useMessages } from '../../app/language.tsx'
import { ConfirmButton } from '../../ui/confirm-button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Moment } from '../../ui/figures.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { Row, RowList } from '../../ui/row-list.tsx'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { accountMessages } from './messages.ts'
import { NewTokenDialog } from './new-token-dialog.tsx'
import { ownAccount, tokensQuery } from './queries.ts'

/** Tokens by which programs act for the user. */
export function TokensSection(): ReactElement {
  const text = useMessages(accountMessages)
  const { data, error, refetch } = useQuery(tokensQuery)
  const [isAdding, setAdding] = useState(false)
  return (
    <Section
      title={text.tabTokens}
      description={
        <>
          {text.tokensHelp}{' '}
          <Anchor href="/api/docs" target="_blank" rel="noreferrer" size="sm" underline="always">
            {text.apiDocumentation}
          </Anchor>
        </>
      }
      actions={
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>
          {text.newToken}
        </Button>
      }
    >
      {error === null ? null : <FailureNotice failure={error} retry={() => void refetch()} />}
      {data === undefined ? error === null && <Waiting lines={2} height={40} /> : <TokenList tokens={data} />}
      {isAdding ? <NewTokenDialog onClose={() => setAdding(false)} /> : null}
    </Section>
  )
}

function TokenList({ tokens }: { readonly tokens: readonly ApiToken[] }): ReactElement {
  const text = useMessages(accountMessages)
  if (tokens.length === 0) {
    return (
      <EmptyState icon={<IconKey />} title={text.noTokens}>
        {text.noTokensHelp}
      </EmptyState>
    )
  }
  return (
    <RowList label={text.tabTokens}>
      {tokens.map((token) => (
        <TokenRow key={token.id} token={token} />
      ))}
    </RowList>
  )
}

function TokenRow({ token }: { readonly token: ApiToken }): ReactElement {
  const text = useMessages(accountMessages)
  const label = useScopeLabel()
  const { name, scopes, createdAt, lastUsedAt } = token
  return (
    <Row
      icon={<IconKey size={22} stroke={1.6} />}
      title={
        <>
          <FileName>{name}</FileName>
          <Group gap={4} component="span">
            {scopes.map((scope) => (
              <Badge key={scope} variant="default" tt="none">
                {label(scope)}
              </Badge>
            ))}
          </Group>
        </>
      }
      actions={<RevokeButton token={token} />}
    >
      {text.createdAt} <Moment at={createdAt} /> ·{' '}
      {lastUsedAt === null ? (
        text.neverUsed
      ) : (
        <>
          {text.lastUsedAt} <Moment at={lastUsedAt} />
        </>
      )}{' '}
      · <Expiry token={token} />
    </Row>
  )
}

function Expiry({ token: { expiresAt } }: { readonly token: ApiToken }): ReactElement {
  const text = useMessages(accountMessages)
  if (expiresAt === null) return <span>{text.doesNotExpire}</span>
  const isOver = Date.parse(expiresAt) <= now()
  return (
    <span>
      {isOver ? text.expired : text.expiresAt} <Moment at={expiresAt} />
    </span>
  )
}

function RevokeButton({ token: { id, name } }: { readonly token: ApiToken }): ReactElement {
  const text = useMessages(accountMessages)
  const queryClient = useQueryClient()
  const revoke = async (): Promise<void> => {
    await ownAccount.revokeToken(id)
    await queryClient.invalidateQueries({ queryKey: tokensQuery.queryKey })
    showNotice({ tone: 'good', title: text.tokenRevoked, message: name })
  }
  return (
    <ConfirmButton
      size="xs"
      title={text.revokeTitle}
      question={text.revokeQuestion(name)}
      confirmLabel={text.revoke}
      danger
      onConfirm={revoke}
      aria-label={text.revokeOf(name)}
    >
      {text.revoke}
    </ConfirmButton>
  )
}

/** What scopes are called. */
function useScopeLabel(): (scope: Scope) => string {
  const text = useMessages(accountMessages)
  const labels: Readonly<Record<Scope, string>> = {
    read: text.scopeRead,
    backup: text.scopeBackup,
    restore: text.scopeRestore,
    manage: text.scopeManage,
    admin: text.scopeAdmin,
  }
  return (scope) => labels[scope]
}
