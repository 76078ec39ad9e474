import type { Client, Plan, Run } from '@holdfast/protocol'
import { Button } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { showNotice } from '../../ui/notices.tsx'
import { Page } from '../../ui/page.tsx'
import { FormBar } from '../../ui/save-bar.tsx'
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
  const { data: client, error, refetch } = useQuery(clientQuery(Number(clientId)))
  const breadcrumbs = [
    { label: text.title, to: '/plans' },
    { label: client?.name ?? clientId, to: `/clients/${clientId}` },
  ]
  return (
    <Page title={text.newTitle} breadcrumbs={breadcrumbs} description={client === undefined ? undefined : text.newLead(client.name)}>
      {error === null ? null : <FailureNotice failure={error} retry={() => void refetch()} />}
      {client === undefined ? error === null ? <Waiting lines={12} /> : null : <NewPlan key={client.id} client={client} />}
    </Page>
  )
}

function NewPlan({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(planMessages)
  const { mayManage } = useRights()
  const navigate = useNavigate()
  const { paths = '' } = route.useSearch()
  const timeZone = new Intl.DateTimeFormat().resolvedOptions().timeZone
  const [first] = useState(() => newDraft({ name: text.defaultName, timeZone, paths: paths.split('\n').filter((path) => path !== '') }))
  const [draft, setDraft] = useState<PlanDraft>(first)
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({})
  const { mutate, error, isPending, variables } = useMutation({
    mutationFn: async ({ isRun }: { readonly isRun: boolean }) => {
      const plan = await api.post<Plan>(`/api/v1/clients/${client.id}/plans`, newPlanOf(draft))
      // Once the plan is there, a run that cannot begin is no reason to make it again.
      const run = isRun ? await api.post<Run>(`/api/v1/plans/${plan.id}/run`).catch(() => undefined) : undefined
      return { plan, run }
    },
    onSuccess: ({ plan, run }) => {
      void refreshPlans()
      showNotice({ tone: 'good', title: text.created, message: plan.name })
      void navigate({ to: run === undefined ? `/plans/${plan.id}` : `/runs/${run.id}`, ignoreBlocker: true })
    },
  })
  const create = (isRun: boolean): void => {
    const found = draftProblems(draft, text)
    setProblems(found)
    if (Object.keys(found).length === 0) mutate({ isRun })
  }
  return (
    <form
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
        errors={{ ...useFieldErrors(error), ...problems }}
        isReadOnly={!mayManage}
      >
        {error === null ? null : <FailureNotice failure={error} title={text.notSaved} />}
        {mayManage ? (
          <FormBar note={Object.values(problems).join(' ')} isWrong isRaised>
            <Button variant="default" onClick={() => create(true)} loading={isPending && variables.isRun} disabled={isPending}>
              {text.createAndRun}
            </Button>
            <Button type="submit" loading={isPending && !variables.isRun} disabled={isPending}>
              {text.create}
            </Button>
          </FormBar>
        ) : null}
      </PlanForm>
      <UnsavedGuard isUnsaved={JSON.stringify(draft) !== JSON.stringify(first)} />
    </form>
  )
}
