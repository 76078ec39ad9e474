import type { Client } from '@holdfast/protocol'
import { Button, Group, Text } from '@mantine/core'
import { IconCalendarPlus } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { Section } from '../../ui/section.tsx'
import { clientPageMessages } from './client-messages.ts'
import { FolderTree } from './folder-tree.tsx'

/** The files of a machine as they are there now, to look at and to make a plan of. */
export function FilesTab({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(clientPageMessages)
  const { mayManage } = useRights()
  const [selected, setSelected] = useState<readonly string[]>([])
  const search = { paths: selected.join('\n') }
  return (
    <Section title={text.filesTitle} description={text.filesHint}>
      <FolderTree clientId={client.id} selected={selected} onChange={setSelected} maxHeightPx={560} />
      {mayManage && selected.length > 0 ? (
        <Group mt="md" gap="sm">
          <Button
            leftSection={<IconCalendarPlus size={18} aria-hidden />}
            renderRoot={(props) => (
              <Link {...props} to="/clients/$clientId/plans/new" params={{ clientId: String(client.id) }} search={search} />
            )}
          >
            {text.planOfThese}
          </Button>
          <Text size="sm" c="dimmed" role="status">
            {text.filesChosen(selected.length)}
          </Text>
        </Group>
      ) : null}
    </Section>
  )
}
