import { hash } from 'node:crypto'
import { decompressToLookAt } from '../../compression/zstd.ts'
import { Sealer } from '../../crypto/sealer.ts'
import { EngineError } from '../../errors.ts'
import type { PackId } from '../../format/ids.ts'
import { postedError } from '../../repository/worker-pool.ts'
import { serveTasks, workerSettings } from '../../repository/worker-tasks.ts'
import { compareFile } from './compare-file.ts'
import { makeSpecial } from './make-node.ts'
import { MetadataWriter, targetFailure } from './node-metadata.ts'
import { PackSource } from './pack-source.ts'
import type {
  BlobOrder,
  BlobRun,
  ContentResult,
  ContentTask,
  FileFailure,
  FileProblem,
  MetadataTask,
  NodesTask,
  ProblemsResult,
  RestoreResult,
  RestoreTask,
  RestoreWorkerData,
  UnreadableBlob,
} from './restore-tasks.ts'
import { TaskFiles } from './task-files.ts'

const { masterKey, localFolder, metadata: rules, removeExtraneous } = workerSettings<RestoreWorkerData>()
const sealer = new Sealer(masterKey)
const metadata = new MetadataWriter(rules)
const source = localFolder === undefined ? undefined : new PackSource(localFolder)

serveTasks<RestoreTask, RestoreResult>((task) => {
  switch (task.kind) {
    case 'content':
      return restoreContent(task)
    case 'nodes':
      return makeNodes(task)
    case 'metadata':
      return setMetadata(task)
    case 'compare':
      return { kind: 'compare', matches: task.files.map(compareFile) }
    default:
      return task satisfies never
  }
})

function restoreContent(task: ContentTask): ContentResult {
  const files = new TaskFiles(task, { metadata, removeExtraneous })
  const unreadable: UnreadableBlob[] = []
  const writeRun = (run: BlobRun, number: number, bytes: Uint8Array): void => {
    for (const [index, blob] of run.blobs.entries()) {
      try {
        writeBlob(files, blob, bytes.subarray(blob.offset - run.offset, blob.offset - run.offset + blob.length))
      } catch (error) {
        unreadable.push({ run: number, blob: index, error: postedError(error) })
      }
    }
  }
  if (task.contents !== undefined) {
    for (const [number, run] of task.runs.entries()) writeRun(run, number, task.contents[number] ?? new Uint8Array(0))
  } else if (task.pack !== undefined) {
    const { pack } = task
    for (const [number, run] of task.runs.entries()) {
      try {
        writeRun(run, number, readRun(pack, run))
      } catch (error) {
        for (const blob of run.blobs.keys()) unreadable.push({ run: number, blob, error: postedError(error) })
      }
    }
  }
  files.finishAll()
  return { kind: 'content', unreadable, failed: files.failures, problems: files.problems }
}

function readRun(pack: PackId, { offset, length }: BlobRun): Uint8Array {
  if (source === undefined) throw new EngineError('storage.not-found', `Cannot read pack ${pack.slice(0, 10)}: it is not in a local folder`)
  return source.read({ pack, offset, length })
}

function writeBlob(files: TaskFiles, blob: BlobOrder, sealed: Uint8Array): void {
  const stored = sealer.openInPlace(sealed)
  const plaintext = blob.uncompressedLength === 0 ? stored : decompressToLookAt(stored, { maxBytes: blob.uncompressedLength })
  const isWhole = blob.uncompressedLength === 0 || plaintext.length === blob.uncompressedLength
  if (!isWhole || hash('sha256', plaintext, 'hex') !== blob.id) {
    throw new EngineError('data.damaged', `Cannot read blob ${blob.id.slice(0, 10)}: its content does not hash to its id`)
  }
  const { places } = blob
  for (let index = 0; index < places.length; index += 2) files.write(places[index] ?? 0, places[index + 1] ?? 0, plaintext)
}

function makeNodes({ nodes }: NodesTask): ProblemsResult {
  const failed: FileFailure[] = []
  const problems: FileProblem[] = []
  for (const [file, order] of nodes.entries()) {
    try {
      makeSpecial(order, { removeExtraneous })
      for (const problem of metadata.apply(order.path, order.metadata)) problems.push({ ...problem, file })
    } catch (error) {
      failed.push({ file, error: postedError(targetFailure('make', order.path, error)) })
    }
  }
  return { kind: 'problems', failed, problems }
}

function setMetadata({ entries }: MetadataTask): ProblemsResult {
  const problems = entries.flatMap((entry, file) => metadata.apply(entry.path, entry.metadata).map((problem) => ({ ...problem, file })))
  return { kind: 'problems', failed: [], problems }
}
