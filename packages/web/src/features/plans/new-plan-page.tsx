import type { Client, Plan, Run } from '@holdfast/protocol'
import { Alert, Button } from '@mantine/core'
import { IconEye } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { useFormFailure } from '../../ui/form-failure.ts'
import { uiMessages } from '../../ui/messages.ts'
import { showNotice } from '../../ui/notices.tsx'
import { useOneMutation } from '../../ui/one-mutation.ts'
import { Page } from '../../ui/page.tsx'
import { FormBar } from '../../ui/save-bar.tsx'
import { useTries } from '../../ui/tries.ts'
import { UnsavedGuard } from '../../ui/unsaved-guard.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { clientQuery } from '../clients/queries.ts'
import { draftProblems } from './draft-problems.ts'
import { planMessages } from './messages.ts'
import { newDraft, newPlanOf, type PlanDraft } from './plan-draft.ts'
import { PlanForm } from './plan-form.tsx'
import { refreshPlans } from './queries.ts'

const route = getRouteApi('/shell/clients/$clientId/plans/new')

/** Makes a plan of a client: `/clients/$clientId/plans/new`. */
export function NewPlanPage(): ReactElement {
  const text = useMessages(planMessages)
  const { clientId } = route.useParams()
  const { mayManage } = useRights()
  const { data: client, error, refetch } = useQuery(clientQuery(Number(clientId)))
  const breadcrumbs = [
    { label: text.title, to: '/plans' },
    { label: client?.name ?? clientId, to: `/clients/${clientId}` },
  ]
  return (
    <Page title={text.newTitle} breadcrumbs={breadcrumbs} description={client === undefined ? undefined : text.newLead(client.name)}>
      {error === null ? null : <FailureNotice failure={error} retry={() => void refetch()} />}
      {client === undefined && error === null ? <Waiting lines={12} /> : null}
      {client === undefined ? null : mayManage ? <NewPlan key={client.id} client={client} /> : <NotAllowed />}
    </Page>
  )
}

function NotAllowed(): ReactElement {
  const text = useMessages(planMessages)
  return (
    <Alert color="blue" variant="light" icon={<IconEye aria-hidden />}>
      {text.mayNotAdd}
    </Alert>
  )
}

/** Begins a run of a plan, or gives why it could not. */
async function begin({ id }: Plan): Promise<{ readonly run?: Run; readonly failure?: Error }> {
  try {
    return { run: await api.post<Run>(`/api/v1/plans/${id}/run`) }
  } catch (failure) {
    return { failure: failure instanceof Error ? failure : new Error(String(failure)) }
  }
}

function NewPlan({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(planMessages)
  const ui = useMessages(uiMessages)
  const navigate = useNavigate()
  const { paths = '' } = route.useSearch()
  const timeZone = new Intl.DateTimeFormat().resolvedOptions().timeZone
  const [first] = useState(() => newDraft({ name: text.defaultName, timeZone, paths: paths.split('\n').filter((path) => path !== '') }))
  const [draft, setDraft] = useState<PlanDraft>(first)
  const { mutate, error, isPending, variables } = useOneMutation({
    mutationFn: async ({ isRun }: { readonly isRun: boolean }) => {
      const plan = await api.post<Plan>(`/api/v1/clients/${client.id}/plans`, newPlanOf(draft))
      // Once the plan is there, a run that cannot begin is no reason to make it again.
      return { plan, ...(isRun ? await begin(plan) : {}) }
    },
    onSuccess: ({ plan, run, failure }) => {
      void refreshPlans()
      if (failure === undefined) showNotice({ tone: 'good', title: text.created, message: plan.name })
      else showNotice({ tone: 'bad', title: text.createdNotRun, message: failure.message })
      void navigate({ to: run === undefined ? `/plans/${plan.id}` : `/runs/${run.id}`, ignoreBlocker: true })
    },
  })
  const failure = useFormFailure(error, draft)
  const { form, isTried, tried } = useTries<HTMLFormElement>(error)
  const missing = draftProblems(draft, text)
  const problems = isTried ? missing : {}
  const create = (isRun: boolean): void => {
    tried()
    if (Object.keys(missing).length === 0) mutate({ isRun })
  }
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        create(false)
      }}
    >
      <PlanForm
        clientId={client.id}
        draft={draft}
        onChange={(changes) => setDraft((before) => ({ ...before, ...changes }))}
        errors={{ ...useFieldErrors(failure), ...problems }}
        isReadOnly={false}
      >
        {failure === null ? null : <FailureNotice failure={failure} title={text.notSaved} />}
        <FormBar note={Object.values(problems).join(' ') || (failure === null ? '' : ui.notSaved)} isWrong isRaised>
          <Button variant="default" onClick={() => create(true)} loading={isPending && variables?.isRun === true} disabled={isPending}>
            {text.createAndRun}
          </Button>
          <Button type="submit" loading={isPending && variables?.isRun === false} disabled={isPending}>
            {text.create}
          </Button>
        </FormBar>
      </PlanForm>
      <UnsavedGuard isUnsaved={JSON.stringify(draft) !== JSON.stringify(first)} />
    </form>
  )
}
