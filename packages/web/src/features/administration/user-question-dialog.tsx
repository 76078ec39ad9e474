import type { ChangeUser, User } from '@holdfast/protocol'
import { useQueryClient } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { ConfirmDialog } from '../../ui/confirm-button.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { users, usersQuery } from './queries.ts'
import { usersMessages } from './users-messages.ts'

const QUESTIONS = ['remove-second-factor', 'untie', 'end-sessions', 'disable'] as const

/** What is done to a user after one question. */
export type UserQuestion = (typeof QUESTIONS)[number]

/** Whether something is done after one question. */
export function isQuestion(action: string | undefined): action is UserQuestion {
  return QUESTIONS.some((one) => one === action)
}

export interface UserQuestionDialogProps {
  readonly user: User
  readonly question: UserQuestion | undefined
  readonly onClose: () => void
}

/** Asks whether something shall be done to a user, and does it. */
export function UserQuestionDialog({ user, question, onClose }: UserQuestionDialogProps): ReactElement | null {
  const words = useWords(user)
  const queryClient = useQueryClient()
  const act = async (wanted: UserQuestion): Promise<void> => {
    if (wanted === 'end-sessions') await users.endSessions(user.id)
    else await users.change(user.id, CHANGES[wanted])
    await queryClient.invalidateQueries({ queryKey: usersQuery.queryKey })
    showNotice({ tone: 'good', title: words[wanted].done, message: user.username })
  }
  if (question === undefined) return null
  const { title, body, label } = words[question]
  return (
    <ConfirmDialog isOpen onClose={onClose} title={title} question={body} confirmLabel={label} danger onConfirm={() => act(question)} />
  )
}

const CHANGES: Readonly<Record<Exclude<UserQuestion, 'end-sessions'>, ChangeUser>> = {
  'remove-second-factor': { hasSecondFactor: false },
  untie: { hasSingleSignOn: false },
  disable: { isDisabled: true },
}

interface QuestionWords {
  readonly title: string
  readonly body: string
  readonly label: string
  readonly done: string
}

function useWords({ username }: User): Readonly<Record<UserQuestion, QuestionWords>> {
  const text = useMessages(usersMessages)
  return {
    'remove-second-factor': {
      title: text.removeSecondFactorTitle,
      body: text.removeSecondFactorQuestion(username),
      label: text.removeSecondFactor,
      done: text.secondFactorRemoved,
    },
    untie: { title: text.untieTitle, body: text.untieQuestion(username), label: text.untie, done: text.untied },
    'end-sessions': {
      title: text.endSessionsTitle,
      body: text.endSessionsQuestion(username),
      label: text.endSessions,
      done: text.sessionsEnded,
    },
    disable: { title: text.disableTitle, body: text.disableQuestion(username), label: text.disable, done: text.userDisabled },
  }
}
