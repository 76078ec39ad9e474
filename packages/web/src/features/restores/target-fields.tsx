import { Button, Radio, Stack, TextInput } from '@mantine/core'
import { IconFolderOpen } from '@tabler/icons-react'
import { type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FolderTree } from '../clients/folder-tree.tsx'
import { RestoresNote } from '../clients/policy-note.tsx'
import { restoreMessages } from './messages.ts'

const TREE_HEIGHT_PX = 240

export interface TargetFieldsProps {
  /** Whose folders are offered. */
  readonly clientId: number | undefined
  /** Undefined for where the files came from. */
  readonly target: string | undefined
  readonly onChange: (target: string | undefined) => void
  readonly error?: string | undefined
}

/** Where on a machine files go: to where they came from, or to a folder that is typed or chosen. */
export function TargetFields({ clientId, target, onChange, error }: TargetFieldsProps): ReactElement {
  const text = useMessages(restoreMessages)
  const [isTreeShown, setTreeShown] = useState(false)
  return (
    <Stack gap="xs">
      {clientId === undefined ? null : <RestoresNote clientId={clientId} />}
      <Radio.Group
        label={text.place}
        value={target === undefined ? 'same' : 'other'}
        onChange={(value) => onChange(value === 'same' ? undefined : '')}
      >
        <Stack gap="xs" mt="xs">
          <Radio value="same" label={text.samePlace} />
          <Radio value="other" label={text.otherPlace} />
        </Stack>
      </Radio.Group>
      {target === undefined ? null : (
        <>
          <TextInput
            label={text.target}
            description={text.targetHint}
            value={target}
            maxLength={4096}
            placeholder="/restored"
            onChange={(event) => onChange(event.currentTarget.value)}
            {...(error === undefined ? {} : { error })}
          />
          {clientId === undefined ? null : (
            <Button
              variant="default"
              size="xs"
              w="fit-content"
              leftSection={<IconFolderOpen size={14} aria-hidden />}
              aria-expanded={isTreeShown}
              onClick={() => setTreeShown(!isTreeShown)}
            >
              {isTreeShown ? text.hideTarget : text.chooseTarget}
            </Button>
          )}
          {clientId === undefined || !isTreeShown ? null : (
            <FolderTree
              clientId={clientId}
              selected={target === '' ? [] : [target]}
              onChange={(selected) => onChange(selected.find((path) => path !== target) ?? '')}
              label={text.target}
              maxHeightPx={TREE_HEIGHT_PX}
            />
          )}
        </>
      )}
    </Stack>
  )
}
