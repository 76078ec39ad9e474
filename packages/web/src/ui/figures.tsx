import { lazy, type ReactElement, Suspense, useRef, useState } from 'react'
import { useNow } from '../app/clock.ts'
import { useMessages } from '../app/language.tsx'
import { useFormat } from './format.ts'
import { uiMessages } from './messages.ts'
import classes from './page.module.css'

/** Floats, which takes a library that few first pages need otherwise; without it the page is worth as much. */
const ExactTime = lazy(() =>
  import('./exact-time.tsx').then(
    (module) => ({ default: module.ExactTime }),
    () => ({ default: () => null }),
  ),
)

/** An amount of bytes; a dash where it is not known. The exact number shows on hover. */
export function Bytes({ value }: { readonly value: number | null | undefined }): ReactElement {
  const format = useFormat()
  if (value === null || value === undefined) return <span>–</span>
  return (
    <span className={classes.figure} title={`${format.count(value)} B`}>
      {format.bytes(value)}
    </span>
  )
}

/** A number of things; a dash where it is not known. */
export function Count({ value }: { readonly value: number | null | undefined }): ReactElement {
  const format = useFormat()
  return <span className={classes.figure}>{value === null || value === undefined ? '–' : format.count(value)}</span>
}

/** A share between 0 and 1; a dash where it is not known. */
export function Percent({ value }: { readonly value: number | null | undefined }): ReactElement {
  const format = useFormat()
  return <span className={classes.figure}>{value === null || value === undefined ? '–' : format.percent(value)}</span>
}

/** How long something took; a dash where it is not known. */
export function Duration({ milliseconds }: { readonly milliseconds: number | null | undefined }): ReactElement {
  const format = useFormat()
  const isKnown = milliseconds !== null && milliseconds !== undefined
  return <span className={classes.figure}>{isKnown ? format.duration(milliseconds) : '–'}</span>
}

/** A time as distance from now, which goes on by itself; the exact time, in the user's zone, shows on hover. */
export function Moment({ at, fallback }: { readonly at: string | null | undefined; readonly fallback?: string }): ReactElement {
  const text = useMessages(uiMessages)
  const format = useFormat()
  const shown = useRef<HTMLTimeElement>(null)
  const [isPointedAt, setPointedAt] = useState(false)
  useNow(30_000)
  if (at === null || at === undefined) return <span>{fallback ?? text.never}</span>
  return (
    <>
      <time
        ref={shown}
        dateTime={at}
        className={classes.figure}
        onPointerEnter={() => setPointedAt(true)}
        onPointerLeave={() => setPointedAt(false)}
      >
        {format.relative(at)}
      </time>
      {/* Lists have hundreds of times, and at most one of them is pointed at. */}
      {isPointedAt ? (
        <Suspense fallback={null}>
          <ExactTime at={at} target={shown} />
        </Suspense>
      ) : null}
    </>
  )
}
