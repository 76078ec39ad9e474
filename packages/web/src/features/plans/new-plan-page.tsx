import type { Client, Plan, Run } from '@holdfast/protocol'
import { Button, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type ReactElement, useRef, useState } from 'react'
import { api, fieldErrors } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { Page } from '../../ui/page.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { clientQuery } from '../clients/queries.ts'
import { draftProblems } from './draft-problems.ts'
import { planMessages } from './messages.ts'
import { newDraft, newPlanOf, type PlanDraft } from './plan-draft.ts'
import classes from './plan-form.module.css'
import { PlanForm } from './plan-form.tsx'
import { refreshPlans } from './queries.ts'
import { UnsavedGuard } from './unsaved-guard.tsx'

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
  const first = useRef(newDraft({ name: text.defaultName, timeZone, paths: paths.split('\n').filter((path) => path !== '') }))
  const [draft, setDraft] = useState<PlanDraft>(first.current)
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({})
  const isDone = useRef(false)
  const { mutate, error, isPending, variables } = useMutation({
    mutationFn: async ({ isRun }: { readonly isRun: boolean }) => {
      const plan = await api.post<Plan>(`/api/v1/clients/${client.id}/plans`, newPlanOf(draft))
      // Once the plan is there, a run that cannot begin is no reason to make it again.
      const run = isRun ? await api.post<Run>(`/api/v1/plans/${plan.id}/run`).catch(() => undefined) : undefined
      return { plan, run }
    },
    onSuccess: ({ plan, run }) => {
      isDone.current = true
      void refreshPlans()
      showNotice({ tone: 'good', title: text.created, message: plan.name })
      void navigate({ to: run === undefined ? `/plans/${plan.id}` : `/runs/${run.id}` })
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
        errors={{ ...fieldErrors(error), ...problems }}
        isReadOnly={!mayManage}
      >
        {error === null ? null : <FailureNotice failure={error} title={text.notSaved} />}
        {mayManage ? (
          <div className={classes.bar}>
            <Text size="sm" c="red" className={classes.note ?? ''} role="alert">
              {Object.values(problems).join(' ')}
            </Text>
            <Button variant="default" onClick={() => create(true)} loading={isPending && variables.isRun} disabled={isPending}>
              {text.createAndRun}
            </Button>
            <Button type="submit" loading={isPending && !variables.isRun} disabled={isPending}>
              {text.create}
            </Button>
          </div>
        ) : null}
      </PlanForm>
      <UnsavedGuard isUnsaved={() => !isDone.current && JSON.stringify(draft) !== JSON.stringify(first.current)} />
    </form>
  )
}
