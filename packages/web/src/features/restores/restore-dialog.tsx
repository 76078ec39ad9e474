import type { Run, SnapshotView } from '@holdfast/protocol'
import { Modal, SegmentedControl, Stack, Text } from '@mantine/core'
import { type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { useFormat } from '../../ui/format.ts'
import { uiMessages } from '../../ui/messages.ts'
import { DownloadForm } from './download-form.tsx'
import { MachineForm, usualDraft } from './machine-form.tsx'
import { restoreMessages } from './messages.ts'
import { RestoreProgress } from './restore-progress.tsx'

const NAMES_SHOWN = 5

/** Something that is to be brought back. */
export interface RestoredPath {
  /** As the server gives it. */
  readonly path: string
  /** For people. */
  readonly name: string
  readonly isFile: boolean
}

export interface RestoreDialogProps {
  readonly snapshot: SnapshotView
  /** Everything when empty. */
  readonly paths: readonly RestoredPath[]
  readonly onClose: () => void
}

/** Brings files of a snapshot back: to the browser, or by an agent to its machine, whose progress it then shows. */
export function RestoreDialog({ snapshot, paths, onClose }: RestoreDialogProps): ReactElement {
  const text = useMessages(restoreMessages)
  const ui = useMessages(uiMessages)
  const format = useFormat()
  const [way, setWay] = useState<'browser' | 'machine'>('browser')
  const [draft, setDraft] = useState(() => usualDraft(snapshot))
  const [run, setRun] = useState<Run>()
  return (
    <Modal opened onClose={onClose} size="lg" title={text.title} closeButtonProps={{ 'aria-label': ui.close }}>
      <Stack gap="md">
        <div>
          <Chosen paths={paths} />
          <Text size="sm" c="dimmed">
            {text.fromSnapshot(format.second(snapshot.time))}
            {snapshot.clientName === null ? null : (
              <>
                {' · '}
                <FileName>{snapshot.clientName}</FileName>
              </>
            )}
          </Text>
        </div>
        {run === undefined ? (
          <>
            <SegmentedControl
              fullWidth
              aria-label={text.where}
              value={way}
              onChange={(value) => setWay(value === 'machine' ? 'machine' : 'browser')}
              data={[
                { value: 'browser', label: text.toBrowser },
                { value: 'machine', label: text.toMachine },
              ]}
            />
            {way === 'browser' ? (
              <DownloadForm snapshotId={snapshot.id} paths={paths} onClose={onClose} />
            ) : (
              <MachineForm
                snapshot={snapshot}
                paths={paths}
                draft={draft}
                onChange={(changes) => setDraft((before) => ({ ...before, ...changes }))}
                onClose={onClose}
                onStarted={setRun}
              />
            )}
          </>
        ) : (
          <RestoreProgress key={run.id} run={run} onChange={() => setRun(undefined)} onClose={onClose} />
        )}
      </Stack>
    </Modal>
  )
}

function Chosen({ paths }: { readonly paths: readonly RestoredPath[] }): ReactElement {
  const text = useMessages(restoreMessages)
  if (paths.length === 0) return <Text fw={600}>{text.everything}</Text>
  return (
    <>
      {paths.slice(0, NAMES_SHOWN).map(({ path, name }) => (
        <Text key={path} fw={600} component="div" lineClamp={2}>
          <FileName>{name}</FileName>
        </Text>
      ))}
      {paths.length > NAMES_SHOWN ? <Text size="sm">{text.andMore(paths.length - NAMES_SHOWN)}</Text> : null}
    </>
  )
}
