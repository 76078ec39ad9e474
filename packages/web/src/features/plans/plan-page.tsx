import type { Plan } from '@holdfast/protocol'
import { Alert } from '@mantine/core'
import { IconEye, IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { ConfirmButton } from '../../ui/confirm-button.tsx'
import { editsSince } from '../../ui/edits-since.ts'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { useFormFailure } from '../../ui/form-failure.ts'
import { showNotice } from '../../ui/notices.tsx'
import { Page } from '../../ui/page.tsx'
import { SaveBar } from '../../ui/save-bar.tsx'
import { useTries } from '../../ui/tries.ts'
import { Waiting } from '../../ui/waiting.tsx'
import { draftProblems } from './draft-problems.ts'
import { planMessages } from './messages.ts'
import { changesOf, draftOf, type PlanDraft } from './plan-draft.ts'
import { PlanForm } from './plan-form.tsx'
import { PlanResults } from './plan-results.tsx'
import { PlanBadges } from './plan-state.tsx'
import { planQuery, refreshPlans } from './queries.ts'
import { RunPlanButton } from './run-plan-button.tsx'

const route = getRouteApi('/shell/plans/$planId')

/** One plan, with all that can be changed of it: `/plans/$planId`. */
export function PlanPage(): ReactElement {
  const text = useMessages(planMessages)
  const { planId } = route.useParams()
  const { data: plan, error, refetch } = useQuery(planQuery(Number(planId)))
  if (plan !== undefined) return <ShownPlan key={plan.id} plan={plan} />
  return (
    <Page title={text.plan} breadcrumbs={[{ label: text.title, to: '/plans' }]}>
      {error === null ? <Waiting lines={12} /> : <FailureNotice failure={error} retry={() => void refetch()} />}
    </Page>
  )
}

function ShownPlan({ plan }: { readonly plan: Plan }): ReactElement {
  const text = useMessages(planMessages)
  const { mayManage } = useRights()
  const breadcrumbs = [
    { label: text.title, to: '/plans' },
    { label: plan.clientName, to: `/clients/${plan.clientId}` },
  ]
  const actions = (
    <>
      <RunPlanButton plan={plan} />
      <DeletePlan plan={plan} />
    </>
  )
  return (
    <Page title={plan.name} breadcrumbs={breadcrumbs} aside={<PlanBadges plan={plan} />} actions={mayManage ? actions : undefined}>
      {mayManage ? null : (
        <Alert color="blue" variant="light" icon={<IconEye aria-hidden />} mb="md">
          {text.readOnly}
        </Alert>
      )}
      <EditPlan plan={plan} isReadOnly={!mayManage} />
    </Page>
  )
}

function DeletePlan({ plan }: { readonly plan: Plan }): ReactElement {
  const text = useMessages(planMessages)
  const navigate = useNavigate()
  const remove = async (): Promise<void> => {
    await api.delete(`/api/v1/plans/${plan.id}`)
    showNotice({ tone: 'good', title: text.removed, message: plan.name })
    await navigate({ to: '/plans', ignoreBlocker: true })
    await refreshPlans()
  }
  return (
    <ConfirmButton
      danger
      leftSection={<IconTrash size={16} aria-hidden />}
      title={text.removeTitle(plan.name)}
      question={text.removeQuestion}
      confirmLabel={text.remove}
      onConfirm={remove}
    >
      {text.remove}
    </ConfirmButton>
  )
}

interface EditPlanProps {
  readonly plan: Plan
  readonly isReadOnly: boolean
}

/** What was typed lies over what is stored, which may change meanwhile. */
function EditPlan({ plan, isReadOnly }: EditPlanProps): ReactElement {
  const text = useMessages(planMessages)
  const [edited, setEdited] = useState<Partial<PlanDraft>>({})
  const [discards, setDiscards] = useState(0)
  const draft = { ...draftOf(plan), ...edited }
  const isChanged = Object.keys(changesOf(plan, draft)).length > 0
  const { mutate, error, isPending, reset } = useSavePlan(plan, (sent) => {
    begunAnew()
    setEdited((present) => editsSince(present, sent))
  })
  const failure = useFormFailure(error, draft)
  const { form, isTried, tried, begunAnew } = useTries<HTMLFormElement>(error)
  const missing = draftProblems(draft, text)
  const problems = isTried ? missing : {}
  const save = (): void => {
    tried()
    if (Object.keys(missing).length === 0 && isChanged) mutate(draft)
  }
  const discard = (): void => {
    setEdited({})
    begunAnew()
    // Fields that keep what was entered, such as a time that was emptied, begin anew.
    setDiscards(discards + 1)
    reset()
  }
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        save()
      }}
    >
      <PlanForm
        key={discards}
        clientId={plan.clientId}
        draft={draft}
        plan={plan}
        onChange={(changes) => setEdited((before) => ({ ...before, ...changes }))}
        errors={{ ...useFieldErrors(failure), ...problems }}
        isReadOnly={isReadOnly}
        aside={<PlanResults plan={plan} />}
      >
        {failure === null ? null : <FailureNotice failure={failure} title={text.notSaved} />}
        {isReadOnly ? null : (
          <SaveBar
            isChanged={isChanged}
            isBusy={isPending}
            problem={Object.values(problems).join(' ')}
            failure={failure}
            onDiscard={discard}
          />
        )}
      </PlanForm>
    </form>
  )
}

function useSavePlan(plan: Plan, onSaved: (sent: PlanDraft) => void) {
  const text = useMessages(planMessages)
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (draft: PlanDraft) => api.patch<Plan>(`/api/v1/plans/${plan.id}`, changesOf(plan, draft)),
    onSuccess: (saved, sent) => {
      queries.setQueryData(planQuery(plan.id).queryKey, saved)
      onSaved(sent)
      showNotice({ tone: 'good', title: text.saved, message: saved.name })
      void refreshPlans()
    },
  })
}
