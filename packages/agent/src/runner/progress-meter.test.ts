import { byteStringOf } from '@holdfast/engine'
import { ManualClock } from '@holdfast/engine/testing'
import type { RunProgress } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { ProgressMeter } from './progress-meter.ts'

test('work that begins anew is counted anew, without what still comes in of the try before', () => {
  const events: RunProgress[] = []
  const lines: string[] = []
  const log = (level: string, message: string): void => void lines.push(`${level} ${message}`)
  using meter = new ProgressMeter({ clock: new ManualClock(0), progress: (event) => void events.push(event), log })
  const problem = { path: byteStringOf('/a'), message: 'cannot be read', severity: 'error' } as const
  meter.problem('error', '/missing cannot be reached')
  meter.phase('backup')
  const first = meter.listener
  first.advance?.({ files: 17, folders: 2, bytes: 3000 })
  first.current?.(byteStringOf('/large'))
  first.problem?.(problem)
  meter.tell()
  expect(events.at(-1)).toMatchObject({ doneFiles: 17, doneBytes: 3000, errorCount: 2, currentItem: '/large' })
  const second = meter.beginAnew()
  expect(events.at(-1)).toMatchObject({ phase: 'backup', doneFiles: 0, doneBytes: 0, errorCount: 1, currentItem: null })
  first.advance?.({ files: 1, folders: 0, bytes: 500 })
  first.current?.(byteStringOf('/late'))
  first.problem?.(problem)
  second.advance?.({ files: 3, folders: 0, bytes: 70 })
  second.problem?.(problem)
  meter.tell()
  expect(events.at(-1)).toMatchObject({ doneFiles: 3, doneBytes: 70, errorCount: 2, currentItem: null })
  expect(lines).toEqual(['error /missing cannot be reached', 'error /a: cannot be read', 'error /a: cannot be read'])
})
