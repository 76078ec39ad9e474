import type { Run, RunLogEntry } from '@holdfast/protocol'
import { Switch, Text } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactElement, useEffect, useMemo, useRef, useState } from 'react'
import { useLanguage, useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFormat } from '../../ui/format.ts'
import { MessageText } from '../../ui/message-text.tsx'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { LINES_MAX } from './log-window.ts'
import { runMessages } from './messages.ts'
import classes from './run-log.module.css'
import { type ShownLog, useLog } from './use-log.ts'
import { useRunWords } from './words.ts'

const LINE_HEIGHT = 24
const OVERSCAN = 20
/** So many lines before the first that is loaded, older ones are fetched. */
const NEAR_LINES = 40
/** A log of fewer lines takes only the room that it needs. */
const SHORT_LINES = 20

/** The log of a run: its end, which follows what is written, and older lines as one scrolls up. */
export function RunLog({ run, id }: { readonly run: Run; readonly id: string }): ReactElement {
  const text = useMessages(runMessages)
  const log = useLog(run.id)
  const [isFollowing, setFollowing] = useState(true)
  const isLive = run.state === 'running' || run.state === 'pending'
  const follow = (
    <Switch
      label={text.logFollow}
      title={text.logFollowHint}
      checked={isFollowing}
      onChange={({ currentTarget }) => setFollowing(currentTarget.checked)}
    />
  )
  return (
    <div id={id}>
      <Section title={text.log} {...(isLive ? { actions: follow } : {})}>
        {log.failure === null ? null : <FailureNotice failure={log.failure} retry={() => log.window.retry()} />}
        {log.isWaiting ? <Waiting lines={6} /> : <LogContent log={log} isLive={isLive} isFollowing={isFollowing && isLive} />}
      </Section>
    </div>
  )
}

interface LogContentProps {
  readonly log: ShownLog
  readonly isLive: boolean
  readonly isFollowing: boolean
}

function LogContent({ log, isLive, isFollowing }: LogContentProps): ReactElement {
  const text = useMessages(runMessages)
  if (log.lines.length > 0) return <LogLines log={log} isFollowing={isFollowing} />
  return (
    <Text size="sm" c="dimmed">
      {isLive ? text.logEmpty : text.logEmptyEnded}
    </Text>
  )
}

function LogLines({ log, isFollowing }: Omit<LogContentProps, 'isLive'>): ReactElement {
  const text = useMessages(runMessages)
  const { lines, hasOlder, hasNewer, window } = log
  const frame = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => frame.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: OVERSCAN,
    initialOffset: () => lines.length * LINE_HEIGHT,
    getItemKey: (index) => lines[index]?.id ?? index,
    // What is read stays where it is when older lines come before it, and at the end new ones push up.
    anchorTo: 'end',
    followOnAppend: isFollowing,
  })
  // The end is what one comes for, of a run that goes on as of one that failed.
  useEffect(() => virtualizer.scrollToEnd(), [virtualizer])
  useEffect(() => {
    if (!isFollowing) return
    if (window.part.hasNewer) void window.toEnd()
    virtualizer.scrollToEnd()
  }, [isFollowing, window, virtualizer])
  const rows = virtualizer.getVirtualItems()
  const first = rows[0]?.index ?? 0
  const last = rows.at(-1)?.index ?? 0
  useEffect(() => {
    if (first < NEAR_LINES && hasOlder) void window.loadOlder()
    else if (last >= lines.length - NEAR_LINES && hasNewer) void window.loadNewer()
  }, [first, last, lines, hasOlder, hasNewer, window])
  useEffect(() => window.read({ isAtEnd: last === lines.length - 1 }), [last, lines, window])
  useEffect(() => forgetHeights(virtualizer.itemSizeCache, lines), [virtualizer, lines])
  const isShort = lines.length < SHORT_LINES
  return (
    <div
      ref={frame}
      className={`${classes.frame} ${isShort ? classes.short : ''}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      role="log"
      aria-label={text.log}
      aria-live="off"
    >
      <ol className={classes.lines} style={{ height: virtualizer.getTotalSize() }}>
        {rows.map(({ index, key, start }) => {
          const line = lines[index]
          return line === undefined ? null : (
            <li
              key={key}
              data-index={index}
              ref={virtualizer.measureElement}
              className={`${classes.line} ${classes[line.level] ?? ''}`}
              style={{ transform: `translateY(${start}px)` }}
            >
              <LogLine line={line} />
            </li>
          )
        })}
      </ol>
    </div>
  )
}

/** The heights of lines that are gone would be kept for ever. */
function forgetHeights(heights: Map<number | string | bigint, number>, lines: ShownLog['lines']): void {
  if (heights.size <= 2 * LINES_MAX) return
  const shown = new Set<unknown>(lines.map(({ id }) => id))
  for (const id of heights.keys()) if (!shown.has(id)) heights.delete(id)
}

function LogLine({ line: { at, level, message } }: { readonly line: RunLogEntry }): ReactElement {
  const words = useRunWords()
  const format = useFormat()
  const { language } = useLanguage()
  const time = useMemo(() => new Intl.DateTimeFormat(language, { timeStyle: 'medium', hourCycle: 'h23' }), [language])
  return (
    <>
      <time className={classes.time} dateTime={at} title={format.exact(at)}>
        {time.format(new Date(at))}
      </time>
      <span className={classes.level}>{words.level(level)}</span>
      <span className={classes.message}>
        <MessageText>{message}</MessageText>
      </span>
    </>
  )
}
