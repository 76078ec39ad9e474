import { Sealer } from '../../crypto/sealer.ts'
import { workInBackground } from '../../host/machine.ts'
import { BlobIndex } from '../../repository/blob-index.ts'
import { LocalBlobReader } from '../../repository/local-blob-reader.ts'
import { postedError } from '../../repository/worker-pool.ts'
import { postEvent, serveTasks, workerSettings } from '../../repository/worker-tasks.ts'
import type { BrokenClaim } from '../backup/backup-tasks.ts'
import { FrameIntake } from './frame-intake.ts'
import type { IngestAnswer, IngestTask, IngestWorkerData } from './ingest-tasks.ts'

/** One thread of a server that takes what clients send: verifies, seals and packs. */
// The thread that takes requests must not wait for those that take bytes.
workInBackground()
const settings = workerSettings<IngestWorkerData>()
const sealer = new Sealer(settings.key)
const intake = new FrameIntake({
  ...settings,
  sealer,
  index: BlobIndex.attach(settings.index),
  blobReader: new LocalBlobReader({ folder: settings.repositoryFolder ?? '', sealer }),
  onPack: postEvent,
  onBrokenClaim: (error) => postEvent<BrokenClaim>({ brokenClaim: postedError(error) }),
})

serveTasks((task: IngestTask): IngestAnswer => {
  switch (task.kind) {
    case 'frames':
      return intake.takeFrames(task)
    case 'proofs':
      return intake.checkProofs(task)
    case 'flush':
      intake.flush()
      return undefined
    default:
      return task satisfies never
  }
})
