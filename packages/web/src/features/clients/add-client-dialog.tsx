import type { Client, NewClient } from '@holdfast/protocol'
import { Button, Group, Modal, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { useMe, useRights } from '../../app/session.tsx'
import { choicesFailure } from '../../ui/choices-failure.tsx'
import { useOneMutation } from '../../ui/one-mutation.ts'
import { enrolmentMessages } from './enrolment-messages.ts'
import { EnrolmentPanel } from './enrolment-panel.tsx'
import { MachineNameForm } from './machine-name-form.tsx'
import { ownersQuery, refreshClients } from './queries.ts'

/** Adds a client and brings its machine in: first its name, then the one command to type there. */
export function AddClientDialog({ onClose }: { readonly onClose: () => void }): ReactElement {
  const text = useMessages(enrolmentMessages)
  const [added, setAdded] = useState<Client>()
  return (
    <Modal opened onClose={onClose} title={text.title} size="lg" closeButtonProps={{ 'aria-label': text.close }}>
      {added === undefined ? (
        <NameForm onAdded={setAdded} />
      ) : (
        <EnrolmentPanel clientId={added.id} isAskedFor>
          {() => <NextSteps client={added} />}
        </EnrolmentPanel>
      )}
    </Modal>
  )
}

function NameForm({ onAdded }: { readonly onAdded: (client: Client) => void }): ReactElement {
  const text = useMessages(enrolmentMessages)
  const me = useMe()
  const { isAdmin } = useRights()
  const [owner, setOwner] = useState(String(me.id))
  const { mutate, error, isPending } = useOneMutation({
    mutationFn: (client: NewClient) => api.post<Client>('/api/v1/clients', client),
    onSuccess: (client) => {
      onAdded(client)
      void refreshClients()
    },
  })
  const add = (name: string): void => mutate({ name, ...(isAdmin ? { ownerId: Number(owner) } : {}) })
  return (
    <MachineNameForm hint={text.nameHint} label={text.create} isBusy={isPending} failure={error} onName={add}>
      {isAdmin ? <OwnerField owner={owner} onChange={setOwner} /> : null}
    </MachineNameForm>
  )
}

function OwnerField({ owner, onChange }: { readonly owner: string; readonly onChange: (owner: string) => void }): ReactElement {
  const text = useMessages(enrolmentMessages)
  const me = useMe()
  const choices = useQuery(ownersQuery)
  const { data = [me] } = choices
  return (
    <NativeSelect
      label={text.owner}
      description={text.ownerHint}
      value={owner}
      error={choicesFailure(choices)}
      data={data.map(({ id, username }) => ({ value: String(id), label: username }))}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

function NextSteps({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(enrolmentMessages)
  const params = { clientId: String(client.id) }
  return (
    <Group justify="flex-end">
      <Button variant="default" renderRoot={(props) => <Link {...props} to="/clients/$clientId" params={params} />}>
        {text.open}
      </Button>
      <Button renderRoot={(props) => <Link {...props} to="/clients/$clientId/plans/new" params={params} />}>{text.choose}</Button>
    </Group>
  )
}
