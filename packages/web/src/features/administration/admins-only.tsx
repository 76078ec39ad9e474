import { IconLock } from '@tabler/icons-react'
import type { ReactElement, ReactNode } from 'react'
import { defineMessages, useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Page } from '../../ui/page.tsx'

const messages = defineMessages({
  en: { title: 'For administrators', help: 'Your role does not allow this page. An administrator can change your role.' },
  ja: { title: '管理者専用のページです', help: 'あなたの役割ではこのページを閲覧できません。役割は管理者が変更できます。' },
})

/** Shows a page to administrators, and to everybody else whose it is. The server refuses the rest whatever is shown. */
export function AdminsOnly({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactElement {
  const text = useMessages(messages)
  const { isAdmin } = useRights()
  if (isAdmin) return <>{children}</>
  return (
    <Page title={title}>
      <EmptyState icon={<IconLock />} title={text.title}>
        {text.help}
      </EmptyState>
    </Page>
  )
}
