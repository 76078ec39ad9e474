import { Button, Group, Radio, Stack } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { uiMessages } from '../../ui/messages.ts'
import { archiveLink, downloadMany, fileLink } from '../snapshots/download-links.ts'
import { restoreMessages } from './messages.ts'
import type { RestoredPath } from './restore-dialog.tsx'

type Form = 'file' | 'zip' | 'tar'

export interface DownloadFormProps {
  readonly snapshotId: number
  readonly paths: readonly RestoredPath[]
  readonly onClose: () => void
}

/** Downloads what was chosen, in the form that was chosen. */
export function DownloadForm({ snapshotId, paths, onClose }: DownloadFormProps): ReactElement {
  const text = useMessages(restoreMessages)
  const ui = useMessages(uiMessages)
  const [only] = paths
  const file = paths.length === 1 && only?.isFile === true ? only : undefined
  const [form, setForm] = useState<Form>(file === undefined ? 'zip' : 'file')
  const chosen = paths.length === 0 ? ['/'] : paths.map(({ path }) => path)
  const link = form === 'file' ? file && fileLink(snapshotId, file.path) : archiveLink(snapshotId, chosen, form)
  const {
    mutate,
    error: failure,
    isPending,
  } = useMutation({
    mutationFn: () => downloadMany(snapshotId, chosen, form === 'tar' ? 'tar' : 'zip'),
    onSuccess: onClose,
  })
  return (
    <Stack gap="md">
      <Radio.Group label={text.format} value={form} onChange={(value) => setForm(value as Form)}>
        <Stack gap="xs" mt="xs">
          {file === undefined ? null : <Radio value="file" label={text.asFile} description={text.fileHint} />}
          <Radio value="zip" label={text.asZip} description={text.zipHint} />
          <Radio value="tar" label={text.asTar} description={text.tarHint} />
        </Stack>
      </Radio.Group>
      {failure === null ? null : <FailureNotice failure={failure} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {ui.cancel}
        </Button>
        {link === undefined ? (
          <Button leftSection={<IconDownload size={16} aria-hidden />} loading={isPending} onClick={() => mutate()}>
            {text.download}
          </Button>
        ) : (
          <Button component="a" href={link} download leftSection={<IconDownload size={16} aria-hidden />} onClick={onClose}>
            {text.download}
          </Button>
        )}
      </Group>
    </Stack>
  )
}
