import type { Role, User } from '@holdfast/protocol'
import { ActionIcon, Anchor, Avatar, Badge, Menu } from '@mantine/core'
import {
  IconBan,
  IconDots,
  IconKey,
  IconLinkOff,
  IconLogout,
  IconPencil,
  IconShieldOff,
  IconTrash,
  IconUserCheck,
} from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useMe } from '../../app/session.tsx'
import { Moment } from '../../ui/figures.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { Row } from '../../ui/row-list.tsx'
import { StateBadge } from '../../ui/run-state-badge.tsx'
import { EditUserDialog } from './edit-user-dialog.tsx'
import { users, usersQuery } from './queries.ts'
import { RemoveUserDialog } from './remove-user-dialog.tsx'
import { ResetPasswordDialog } from './reset-password-dialog.tsx'
import { isQuestion, type UserQuestion, UserQuestionDialog } from './user-question-dialog.tsx'
import { usersMessages } from './users-messages.ts'

type UserAction = UserQuestion | 'enable' | 'edit' | 'reset-password' | 'remove'

export interface UserRowProps {
  readonly user: User
  /** All others, for clients that need a new owner. */
  readonly others: readonly User[]
}

/** A user, and what administrators do with users. */
export function UserRow({ user, others }: UserRowProps): ReactElement {
  const text = useMessages(usersMessages)
  const [action, setAction] = useState<UserAction>()
  const close = (): void => setAction(undefined)
  const enable = useEnable(user)
  return (
    <Row
      icon={
        <Avatar
          name={user.username}
          color="initials"
          radius="xl"
          size={36}
          styles={{ placeholder: { color: 'var(--mantine-color-text)' } }}
        />
      }
      title={<UserTitle user={user} />}
      actions={<UserMenu user={user} onAction={(wanted) => (wanted === 'enable' ? enable() : setAction(wanted))} />}
    >
      {factsOf(user, text).join(' · ')} · {text.added} <Moment at={user.createdAt} /> ·{' '}
      <Anchor size="sm" underline="always" renderRoot={(props) => <Link {...props} to="/clients" search={{ owner: String(user.id) }} />}>
        {text.clients}
      </Anchor>
      {action === 'edit' ? <EditUserDialog user={user} onClose={close} /> : null}
      {action === 'reset-password' ? <ResetPasswordDialog user={user} onClose={close} /> : null}
      {action === 'remove' ? <RemoveUserDialog user={user} others={others} onClose={close} /> : null}
      <UserQuestionDialog user={user} question={isQuestion(action) ? action : undefined} onClose={close} />
    </Row>
  )
}

/** Takes nothing away, and so it is done without a question. */
function useEnable({ id, username }: User): () => void {
  const text = useMessages(usersMessages)
  const queryClient = useQueryClient()
  const { mutate } = useMutation({
    mutationFn: () => users.change(id, { isDisabled: false }),
    onSuccess: () => showNotice({ tone: 'good', title: text.userEnabled, message: username }),
    onError: (error) => showNotice({ tone: 'bad', title: text.notEnabled(username), message: error.message }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: usersQuery.queryKey }),
  })
  return () => mutate()
}

function UserTitle({ user }: { readonly user: User }): ReactElement {
  const text = useMessages(usersMessages)
  const me = useMe()
  const roles: Readonly<Record<Role, string>> = { admin: text.admin, operator: text.operator, viewer: text.viewer }
  return (
    <>
      <bdi>{user.username}</bdi>
      <Badge variant={user.role === 'admin' ? 'light' : 'default'} tt="none">
        {roles[user.role]}
      </Badge>
      {user.id === me.id ? (
        <Badge variant="default" tt="none">
          {text.you}
        </Badge>
      ) : null}
      {user.isDisabled ? <StateBadge color="red" label={text.disabled} icon={<IconBan size={13} aria-hidden />} /> : null}
    </>
  )
}

function factsOf(user: User, text: (typeof usersMessages)['en']): readonly string[] {
  return [
    user.hasSecondFactor ? text.secondFactor : text.noSecondFactor,
    ...(user.hasSingleSignOn ? [text.singleSignOn] : []),
    ...(user.hasPassword ? [] : [text.noPassword]),
  ]
}

function UserMenu({ user, onAction }: { readonly user: User; readonly onAction: (action: UserAction) => void }): ReactElement {
  const text = useMessages(usersMessages)
  const me = useMe()
  const isMe = user.id === me.id
  const item = (action: UserAction, label: string, icon: ReactElement): ReactElement => (
    <Menu.Item leftSection={icon} onClick={() => onAction(action)} {...(action === 'remove' ? { c: 'var(--mantine-color-error)' } : {})}>
      {label}
    </Menu.Item>
  )
  return (
    <Menu position="bottom-end" withinPortal={false} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={text.actionsOf(user.username)}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {item('edit', text.edit, <IconPencil size={16} aria-hidden />)}
        {isMe ? null : item('reset-password', text.resetPassword, <IconKey size={16} aria-hidden />)}
        {user.hasSecondFactor && !isMe
          ? item('remove-second-factor', text.removeSecondFactor, <IconShieldOff size={16} aria-hidden />)
          : null}
        {user.hasSingleSignOn && !isMe ? item('untie', text.untie, <IconLinkOff size={16} aria-hidden />) : null}
        {isMe ? null : item('end-sessions', text.endSessions, <IconLogout size={16} aria-hidden />)}
        {isMe ? null : <Menu.Divider />}
        {isMe || user.isDisabled ? null : item('disable', text.disable, <IconBan size={16} aria-hidden />)}
        {user.isDisabled ? item('enable', text.enable, <IconUserCheck size={16} aria-hidden />) : null}
        {isMe ? null : item('remove', text.remove, <IconTrash size={16} aria-hidden />)}
      </Menu.Dropdown>
    </Menu>
  )
}
