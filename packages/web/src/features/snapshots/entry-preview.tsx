import { Skeleton, Text, Title } from '@mantine/core'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { browserMessages } from './browser-messages.ts'
import { previewLink } from './download-links.ts'
import classes from './folder.module.css'

/** What the server gives of a text. */
const TEXT_BYTES_MAX = 64 * 1024

type Preview = { readonly kind: 'picture' | 'none' } | { readonly kind: 'text'; readonly text: string }

export interface EntryPreviewProps {
  readonly snapshotId: number
  readonly path: string
  readonly sizeBytes: number
}

/** The beginning of a text, or a picture. Content is only ever shown as text or by `img`: whatever it is, it is not run. */
export function EntryPreview({ snapshotId, path, sizeBytes }: EntryPreviewProps): ReactElement | null {
  const text = useMessages(browserMessages)
  const preview = useQuery({ ...previewQuery(snapshotId, path), enabled: sizeBytes > 0 })
  if (sizeBytes === 0) return null
  return (
    <section aria-label={text.preview}>
      <Title order={3} mb={6}>
        {text.preview}
      </Title>
      {preview.isPending ? <Skeleton height={120} /> : null}
      {preview.isError ? <FailureNotice failure={preview.error} retry={() => void preview.refetch()} /> : null}
      {preview.data === undefined ? null : <Shown preview={preview.data} link={previewLink(snapshotId, path)} sizeBytes={sizeBytes} />}
    </section>
  )
}

interface ShownProps {
  readonly preview: Preview
  readonly link: string
  readonly sizeBytes: number
}

function Shown({ preview, link, sizeBytes }: ShownProps): ReactElement {
  const text = useMessages(browserMessages)
  const [isBroken, setBroken] = useState(false)
  switch (preview.kind) {
    case 'picture':
      return isBroken ? (
        <Remark>{text.previewBroken}</Remark>
      ) : (
        <img src={link} alt="" className={classes.picture} onError={() => setBroken(true)} />
      )
    case 'text':
      return (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <pre className={classes.preview} dir="auto" tabIndex={0}>
            {preview.text}
          </pre>
          {sizeBytes > TEXT_BYTES_MAX ? <Remark>{text.previewCut}</Remark> : null}
        </>
      )
    case 'none':
      return <Remark>{text.previewNone}</Remark>
    default:
      return preview satisfies never
  }
}

function Remark({ children }: { readonly children: string }): ReactElement {
  return (
    <Text size="sm" c="dimmed" mt={4}>
      {children}
    </Text>
  )
}

function previewQuery(snapshotId: number, path: string) {
  return queryOptions({
    queryKey: ['entries', snapshotId, 'preview', path],
    queryFn: ({ signal }) => readPreview(previewLink(snapshotId, path), signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30_000,
  })
}

/** The type says what to do with a file; only texts are read here. */
async function readPreview(link: string, signal: AbortSignal): Promise<Preview> {
  const enough = new AbortController()
  const answer = await api.open(link, { signal: AbortSignal.any([signal, enough.signal]) })
  const type = answer.headers.get('content-type') ?? ''
  if (type.startsWith('text/plain')) return { kind: 'text', text: await answer.text() }
  enough.abort()
  return { kind: type.startsWith('image/') ? 'picture' : 'none' }
}
