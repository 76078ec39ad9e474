import type { MachinePolicyReport } from '@holdfast/protocol'
import { Alert, Code, Stack, Text } from '@mantine/core'
import { IconShieldLock } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement, ReactNode } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { policyMessages } from './policy-messages.ts'
import { clientQuery } from './queries.ts'

const ALLOW_COMMANDS = 'commands:\n  fromServer: allow'
const LIST_COMMANDS = 'commands:\n  fromServer: listed\n  lines: ["systemctl stop mail"]'
const ALLOW_RESTORES = 'paths:\n  restore: [/srv/restored]'

export interface PolicyNoteProps {
  /** Whose machine it is. */
  readonly clientId: number
}

/** Says beforehand that a machine will not run commands of the server, and what to change there; nothing when it will, or has not said. */
export function CommandsNote({ clientId }: PolicyNoteProps): ReactElement | null {
  const text = useMessages(policyMessages)
  const policy = usePolicy(clientId)
  if (policy === undefined || policy.commands === 'allow') return null
  const isListed = policy.commands === 'listed'
  return (
    <Note title={isListed ? text.commandsListed : text.commandsRefused}>
      <Text size="sm">{isListed ? text.commandsListedHint : text.commandsRefusedHint}</Text>
      <Remedy policy={policy} variable="HOLDFAST_ALLOW_COMMANDS" lines={isListed ? LIST_COMMANDS : ALLOW_COMMANDS} />
    </Note>
  )
}

/** Says beforehand that a machine takes no restores, or where to it takes them; nothing when it takes all, or has not said. */
export function RestoresNote({ clientId }: PolicyNoteProps): ReactElement | null {
  const text = useMessages(policyMessages)
  const policy = usePolicy(clientId)
  if (policy === undefined || policy.restores === 'allow') return null
  if (policy.restores === 'listed') {
    return (
      <Note title={text.restoresListed}>
        {policy.restorePaths.map((path) => (
          <FileName key={path}>{path}</FileName>
        ))}
      </Note>
    )
  }
  return (
    <Note title={text.restoresRefused}>
      <Text size="sm">{text.restoresRefusedHint}</Text>
      <Remedy policy={policy} variable="HOLDFAST_ALLOW_RESTORES" lines={ALLOW_RESTORES} />
      <Text size="sm">{text.restoreHere}</Text>
    </Note>
  )
}

/** What the machine of a client allows; undefined while that is not known. */
function usePolicy(clientId: number): MachinePolicyReport | undefined {
  return useQuery(clientQuery(clientId)).data?.policy ?? undefined
}

function Note({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactElement {
  return (
    <Alert role="note" color="orange" variant="light" icon={<IconShieldLock aria-hidden />} title={title}>
      <Stack gap="xs">{children}</Stack>
    </Alert>
  )
}

interface RemedyProps {
  readonly policy: MachinePolicyReport
  readonly variable: string
  readonly lines: string
}

/** A file that is there counts more than what the agent was started with. */
function Remedy({ policy, variable, lines }: RemedyProps): ReactElement {
  const text = useMessages(policyMessages)
  return (
    <>
      {policy.file === null ? (
        <>
          <Text size="sm">{text.byVariable}</Text>
          <Code block>{`${variable}=true`}</Code>
          <Text size="sm">{text.orInFile}</Text>
        </>
      ) : (
        <Text size="sm">
          {text.inFile} <FileName>{policy.file}</FileName>
        </Text>
      )}
      <Code block>{lines}</Code>
    </>
  )
}
