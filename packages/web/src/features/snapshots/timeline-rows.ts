import type { SnapshotView } from '@holdfast/protocol'

/** A line of the timeline: a day, or a snapshot of it. */
export type TimelineRow =
  | { readonly kind: 'day'; readonly day: string; readonly at: string; readonly count: number; readonly addedBytes: number }
  | {
      readonly kind: 'snapshot'
      readonly snapshot: SnapshotView
      readonly isLastOfDay: boolean
      /** Whether another of them was made within the same minute, so that only the second tells them apart. */
      readonly needsSecond: boolean
    }

/** Snapshots, newest first, with a line before each day of the browser's time zone. */
export function timelineRows(snapshots: readonly SnapshotView[]): readonly TimelineRow[] {
  const perMinute = Map.groupBy(snapshots, minuteOf)
  const days = Map.groupBy(snapshots, ({ time }) => dayOf(time))
  return [...days].flatMap(([day, ofDay]): TimelineRow[] => [
    {
      kind: 'day',
      day,
      at: ofDay[0]?.time ?? '',
      count: ofDay.length,
      addedBytes: ofDay.reduce((sum, { addedBytes }) => sum + (addedBytes ?? 0), 0),
    },
    ...ofDay.map((snapshot, index) => ({
      kind: 'snapshot' as const,
      snapshot,
      isLastOfDay: index === ofDay.length - 1,
      needsSecond: (perMinute.get(minuteOf(snapshot))?.length ?? 0) > 1,
    })),
  ])
}

/** The day of a time in the browser's time zone, `2026-11-21`. */
export function dayOf(time: string): string {
  const at = new Date(time)
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, '0')).join('-')
}

function minuteOf({ time }: SnapshotView): number {
  return Math.floor(Date.parse(time) / 60_000)
}
