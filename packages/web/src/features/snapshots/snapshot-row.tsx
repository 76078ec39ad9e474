import type { SnapshotView } from '@holdfast/protocol'
import { Anchor, Badge, Checkbox, Group, Text, Tooltip } from '@mantine/core'
import { IconPinFilled } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactElement, ReactNode } from 'react'
import { useMessages } from '../../app/language.tsx'
import { Bytes } from '../../ui/figures.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { useFormat } from '../../ui/format.ts'
import { snapshotMessages } from './messages.ts'
import { SnapshotMenu } from './snapshot-menu.tsx'
import classes from './timeline.module.css'

const PATHS_SHOWN = 3
const TAGS_SHOWN = 4

export interface SnapshotRowProps {
  readonly snapshot: SnapshotView
  /** Left out where all are of one client. */
  readonly showsClient: boolean
  readonly isLastOfDay: boolean
  /** Whether its minute does not tell it from others. */
  readonly needsSecond: boolean
  /** With it the row has a box to choose it for a comparison. */
  readonly comparison?: { readonly isChosen: boolean; readonly onToggle: () => void }
}

/** One snapshot of a timeline: when, whose, of what, and how large. */
export function SnapshotRow({ snapshot, showsClient, isLastOfDay, needsSecond, comparison }: SnapshotRowProps): ReactElement {
  const text = useMessages(snapshotMessages)
  const format = useFormat()
  const { id, time, fileCount } = snapshot
  const moment = needsSecond ? format.second(time) : format.moment(time)
  return (
    <div className={classes.row} data-last={isLastOfDay || undefined} data-chosen={comparison?.isChosen || undefined}>
      {comparison === undefined ? null : (
        <Checkbox
          size="sm"
          className={classes.choice ?? ''}
          checked={comparison.isChosen}
          onChange={comparison.onToggle}
          aria-label={text.compareThis(moment)}
        />
      )}
      <div className={classes.what}>
        <Group gap={8} wrap="wrap">
          <Tooltip label={format.exact(time)}>
            <Anchor
              fw={600}
              renderRoot={(props) => <Link to="/snapshots/$snapshotId" params={{ snapshotId: String(id) }} {...props} />}
              aria-label={text.open(moment)}
            >
              <time dateTime={time}>{needsSecond ? format.timeToSecond(time) : format.time(time)}</time>
            </Anchor>
          </Tooltip>
          <Source snapshot={snapshot} showsClient={showsClient} />
          <Marks snapshot={snapshot} />
        </Group>
        <Paths paths={snapshot.paths} />
      </div>
      <Figures
        facts={[
          [text.size, <Bytes key="size" value={snapshot.sizeBytes} />],
          [text.files, fileCount === null ? '–' : format.count(fileCount)],
          [text.addedColumn, <Bytes key="added" value={snapshot.addedBytes} />],
        ]}
      />
      <div className={classes.menu}>
        <SnapshotMenu snapshot={snapshot} moment={moment} />
      </div>
    </div>
  )
}

/** Whose it is, and the plan that made it. */
function Source({ snapshot, showsClient }: Pick<SnapshotRowProps, 'snapshot' | 'showsClient'>): ReactElement | null {
  const text = useMessages(snapshotMessages)
  const { clientName, hostname, planName } = snapshot
  const client = clientName ?? `${hostname} (${text.noClient})`
  const names = [...(showsClient ? [client] : []), ...(planName === null ? [] : [planName])]
  if (names.length === 0) return null
  return (
    <Text size="sm" span>
      {names.map((name, index) => (
        <span key={index === 0 ? 'first' : 'second'}>
          {index === 0 ? null : ' · '}
          <FileName>{name}</FileName>
        </span>
      ))}
    </Text>
  )
}

function Figures({ facts }: { readonly facts: readonly (readonly [string, ReactNode])[] }): ReactElement {
  return (
    <dl className={classes.figures}>
      {facts.map(([name, value]) => (
        <div key={name} className={classes.figure}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** Its pin and its tags. */
export function Marks({ snapshot }: { readonly snapshot: SnapshotView }): ReactElement {
  const text = useMessages(snapshotMessages)
  const { tags } = snapshot
  return (
    <>
      {snapshot.isPinned ? (
        <Tooltip label={text.pinnedHint}>
          <span className={classes.pin}>
            <IconPinFilled size={13} aria-hidden /> {text.pinned}
          </span>
        </Tooltip>
      ) : null}
      {tags.slice(0, TAGS_SHOWN).map((tag) => (
        <Badge key={tag} variant="default" tt="none" fw={500} size="md" maw={180}>
          <FileName>{tag}</FileName>
        </Badge>
      ))}
      {tags.length > TAGS_SHOWN ? (
        <Text size="sm" c="dimmed" span>
          +{tags.length - TAGS_SHOWN}
        </Text>
      ) : null}
    </>
  )
}

function Paths({ paths }: { readonly paths: readonly string[] }): ReactElement {
  return (
    <Text size="sm" c="dimmed" component="div" className={classes.paths ?? ''}>
      {paths.slice(0, PATHS_SHOWN).map((path) => (
        <span key={path}>
          <FileName>{path}</FileName>
        </span>
      ))}
      {paths.length > PATHS_SHOWN ? <span>+{paths.length - PATHS_SHOWN}</span> : null}
    </Text>
  )
}
