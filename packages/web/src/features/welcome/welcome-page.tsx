import { Button, Stack } from '@mantine/core'
import { IconUserShield } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactElement, useRef } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Page } from '../../ui/page.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { BackupStep } from './backup-step.tsx'
import { FoldersStep } from './folders-step.tsx'
import { MachineStep } from './machine-step.tsx'
import { welcomeMessages } from './messages.ts'
import { PasswordStep } from './password-step.tsx'
import { newestBackupQuery, refreshSetup, setupQuery } from './queries.ts'
import { RepositoryStep } from './repository-step.tsx'
import { useFollowedRun } from './use-followed-run.ts'
import classes from './welcome.module.css'
import { mayHaveBegunElsewhere, readWizardPlace, stepToShow, type WizardPlace, withBackup } from './wizard-steps.ts'
import { WizardTrail } from './wizard-trail.tsx'

/** The way from the first login to the first backup, one step at a time. Where one is stands in the address and on the server. */
export function WelcomePage(): ReactElement {
  const text = useMessages(welcomeMessages)
  const { isAdmin } = useRights()
  return (
    <div className={classes.column}>
      <Page title={text.title} description={text.lead}>
        {isAdmin ? <Wizard /> : <ForAdministrators />}
      </Page>
    </div>
  )
}

function ForAdministrators(): ReactElement {
  const text = useMessages(welcomeMessages)
  const toClients = <Button renderRoot={(props) => <Link {...props} to="/clients" />}>{text.toClients}</Button>
  return (
    <EmptyState icon={<IconUserShield size={26} />} title={text.adminsOnly} actions={toClients}>
      {text.adminsOnlyHelp}
    </EmptyState>
  )
}

/** What a step is given. */
export interface StepProps {
  /** Whether the step came after another one: then its heading takes the keyboard. */
  readonly isNext: boolean
  /** Goes on: what is given changes the address. */
  readonly goTo: (place: Partial<WizardPlace>) => void
}

function Wizard(): ReactElement {
  const asked = readWizardPlace(useSearch({ strict: false }))
  const { data: setup, error, refetch } = useQuery(setupQuery)
  const looksForBackup = setup !== undefined && mayHaveBegunElsewhere(asked, setup)
  const newest = useQuery({ ...newestBackupQuery, enabled: looksForBackup })
  const navigate = useNavigate()
  const first = useRef<string | undefined>(undefined)
  if (setup === undefined) return error === null ? <Waiting lines={6} /> : <FailureNotice failure={error} retry={() => void refetch()} />
  if (looksForBackup && newest.isPending) return <Waiting lines={6} />
  const place = looksForBackup ? withBackup(asked, newest.data ?? undefined) : asked
  const step = stepToShow(place, setup)
  first.current ??= step
  const goTo = (changes: Partial<WizardPlace>): void => {
    const { step: next, clientId, runId } = { ...place, step: undefined, ...changes }
    const search = { step: next, client: clientId?.toString(), run: runId?.toString() }
    void refreshSetup()
    void navigate({ to: '/welcome', search })
  }
  const common: StepProps = { isNext: first.current !== step, goTo }
  return (
    <Stack gap="md">
      {step === 'backup' && place.runId !== undefined ? (
        <TrailOfBackup runId={place.runId} />
      ) : (
        <WizardTrail current={step} isOver={false} />
      )}
      {step === 'password' ? <PasswordStep {...common} /> : null}
      {step === 'repository' ? <RepositoryStep {...common} setup={setup} /> : null}
      {step === 'machine' ? <MachineStep {...common} setup={setup} clientId={place.clientId} /> : null}
      {step === 'folders' && place.clientId !== undefined ? (
        <FoldersStep key={place.clientId} {...common} clientId={place.clientId} />
      ) : null}
      {step === 'backup' && place.runId !== undefined ? <BackupStep {...common} runId={place.runId} setup={setup} /> : null}
    </Stack>
  )
}

/** The last step is done when the backup that is shown is: others may have been made long ago. */
function TrailOfBackup({ runId }: { readonly runId: number }): ReactElement {
  const { run } = useFollowedRun(runId)
  return <WizardTrail current="backup" isOver={run?.state === 'finished'} />
}
