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
import { RemoteBlobStore } from './remote-blob-store.ts'
import { SegmentReader } from './segment-reader.ts'
import { EntrySelector } from './selection.ts'
import { type ChunkStore, WorkerBlobStore } from './worker-blob-store.ts'

/** Comes to the main thread in front of the failed task's answer, which alone would be taken for a problem of one file. */
function onBrokenClaim(error: unknown): void {
  postEvent<BrokenClaim>({ brokenClaim: postedError(error) })
}

/** One thread of a backup: reads folders and files, cuts, hashes, compresses, seals and packs. */
const settings = workerSettings<BackupWorkerData>()
const index = BlobIndex.attach(settings.index)
const cutFinder = new CutFinder(parsePolynomial(settings.chunkerPolynomial), { capacityBytes: SEGMENT_BYTES + RESTIC_LIMITS.maxSizeBytes })
const { store, blobReader } = openStore(settings.store)
const items = settings.reportsItems ? new ItemLog() : undefined
const fileReader = new FileReader({ cutFinder, store, withAtime: settings.withAtime, items })
const selector = new EntrySelector(settings.rules)
const folderReader = new FolderReader({ ...settings, index, items, fileReader, blobReader, selector })
const segmentReader = new SegmentReader({ cutFinder, store })

serveTasks((task: BackupTask): BackupAnswer => {
  const answer = carryOut(task)
  if (items !== undefined && answer !== undefined && 'problems' in answer) answer.items = items.take()
  return answer
})

function openStore(store: BackupWorkerData['store']): { readonly store: ChunkStore; readonly blobReader: LocalBlobReader | undefined } {
  if (store.kind === 'remote') {
    return { store: new RemoteBlobStore({ ...store, index, post: postEvent, onBrokenClaim }), blobReader: undefined }
  }
  const sealer = new Sealer(store.key)
  return {
    store: new WorkerBlobStore({ ...store, index, sealer, onPack: postEvent, onBrokenClaim }),
    blobReader: new LocalBlobReader({ folder: store.repositoryFolder ?? '', sealer }),
  }
}

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
