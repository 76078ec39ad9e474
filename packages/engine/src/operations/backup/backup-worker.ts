import { CutFinder } from '../../chunker/cut-finder.ts'
import { RESTIC_LIMITS } from '../../chunker/limits.ts'
import { parsePolynomial } from '../../chunker/polynomial.ts'
import { Sealer } from '../../crypto/sealer.ts'
import { BlobIndex } from '../../repository/blob-index.ts'
import { LocalBlobReader } from '../../repository/local-blob-reader.ts'
import { postedError } from '../../repository/worker-pool.ts'
import { postEvent, serveTasks, workerSettings } from '../../repository/worker-tasks.ts'
import { type BackupAnswer, type BackupTask, type BackupWorkerData, type BrokenClaim, noCounts, SEGMENT_BYTES } from './backup-tasks.ts'
import { FileReader } from './file-reader.ts'
import { FolderReader } from './folder-reader.ts'
import { ItemLog } from './item-log.ts'
import { SegmentReader } from './segment-reader.ts'
import { EntrySelector } from './selection.ts'
import { WorkerBlobStore } from './worker-blob-store.ts'

/** Comes to the main thread in front of the failed task's answer, which alone would be taken for a problem of one file. */
function onBrokenClaim(error: unknown): void {
  postEvent<BrokenClaim>({ brokenClaim: postedError(error) })
}

/** One thread of a backup: reads folders and files, cuts, hashes, compresses, seals and packs. */
const settings = workerSettings<BackupWorkerData>()
const index = BlobIndex.attach(settings.index)
const cutFinder = new CutFinder(parsePolynomial(settings.chunkerPolynomial), { capacityBytes: SEGMENT_BYTES + RESTIC_LIMITS.maxSizeBytes })
const sealer = new Sealer(settings.key)
const store = new WorkerBlobStore({ ...settings, index, sealer, onPack: postEvent, onBrokenClaim })
const items = settings.reportsItems ? new ItemLog() : undefined
const fileReader = new FileReader({ cutFinder, store, withAtime: settings.withAtime, items })
const blobReader = new LocalBlobReader({ folder: settings.repositoryFolder ?? '', sealer })
const folderReader = new FolderReader({ ...settings, index, items, fileReader, blobReader, selector: new EntrySelector(settings.rules) })
const segmentReader = new SegmentReader({ cutFinder, store })

serveTasks((task: BackupTask): BackupAnswer => {
  const answer = carryOut(task)
  if (items !== undefined && answer !== undefined && 'problems' in answer) answer.items = items.take()
  return answer
})

function carryOut(task: BackupTask): BackupAnswer {
  switch (task.kind) {
    case 'folder':
      return folderReader.readFolder(task)
    case 'entries':
      return folderReader.readEntries(task)
    case 'files':
      return fileReader.readFiles(task.files)
    case 'segment':
      return segmentReader.readSegment(task)
    case 'chunk': {
      const counts = noCounts()
      return { id: store.save(task.plaintext, counts), counts }
    }
    case 'flush':
      store.flush()
      return undefined
    default:
      return task satisfies never
  }
}
