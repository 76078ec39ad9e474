import { readdirSync } from 'node:fs'
import { systemCodeOf } from '../../errors.ts'
import { type ByteString, joinBytes, systemPath } from '../../format/byte-string.ts'
import { nodeTypeFromStat } from '../../format/file-mode.ts'
import { systemClock } from '../../host/clock.ts'
import { readStatus } from '../../host/file-status.ts'
import { postEvent, serveTasks, workerSettings } from '../../repository/worker-tasks.ts'
import type { BackupEstimate, EstimateTask } from './estimate.ts'
import { EntrySelector } from './selection.ts'

/** How often the growth of the count is told. */
const REPORT_EVERY_MS = 250

workerSettings()
serveTasks((task: EstimateTask): BackupEstimate => {
  const selector = new EntrySelector(task.rules)
  const pending = [...task.targets]
  const found = { files: 0, folders: 0, bytes: 0 }
  let reportedAt = systemClock.now()
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
    pending.push(...count(entry, { selector, found }))
    if (systemClock.now() - reportedAt < REPORT_EVERY_MS) continue
    reportedAt = systemClock.now()
    postEvent({ ...found })
  }
  return found
})

/** Counts one entry; gives what is in it when it is a folder. */
function count(
  entry: EstimateTask['targets'][number],
  into: { readonly selector: EntrySelector; readonly found: { files: number; folders: number; bytes: number } },
): EstimateTask['targets'] {
  const { path, isExplicit } = entry
  const { selector, found } = into
  if (!isExplicit && !selector.allowsPath(path)) return []
  try {
    const status = readStatus(path)
    const type = nodeTypeFromStat(status.mode)
    if (!isExplicit && !selector.allowsStatus(status, { isFile: type === 'file', isFolder: type === 'dir' })) return []
    if (type === 'file') {
      found.files++
      found.bytes += status.sizeBytes
    }
    if (type !== 'dir') return []
    found.folders++
    if (selector.isOpaque(status)) return []
    const names = readdirSync(systemPath(path), { encoding: 'latin1' }) as ByteString[]
    const marker = selector.hasMarkers ? selector.markerIn(path, new Set(names)) : undefined
    return names
      .filter((name) => marker === undefined || name === marker)
      .map((name) => ({ path: joinBytes(path, name), isExplicit: false }))
  } catch (error) {
    // Whatever is wrong with it, the backup will meet it too and say so.
    if (systemCodeOf(error) !== undefined) return []
    throw error
  }
}
