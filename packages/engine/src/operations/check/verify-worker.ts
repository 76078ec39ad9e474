import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { Sealer } from '../../crypto/sealer.ts'
import { messageOf, systemCodeOf } from '../../errors.ts'
import { BlobIndex } from '../../repository/blob-index.ts'
import { PackContents } from '../../repository/pack-contents.ts'
import { serveTasks, workerSettings } from '../../repository/worker-tasks.ts'
import { LARGEST_FILE_BYTES } from '../../storage/storage.ts'
import { PackVerifier } from './pack-verifier.ts'
import type { VerifyResult, VerifyTask, VerifyWorkerData } from './verify-tasks.ts'

const { masterKey, index, contents } = workerSettings<VerifyWorkerData>()
const verifier = new PackVerifier({
  sealer: new Sealer(masterKey),
  index: BlobIndex.attach(index),
  contents: PackContents.attach(contents),
})

/** Holds one pack after the other: fresh memory for each would cost as much as decrypting it. */
let buffer = new Uint8Array(0)

serveTasks(({ id, number, source }: VerifyTask): VerifyResult => {
  try {
    const content = 'path' in source ? readIntoBuffer(source.path) : source.content
    return { verdict: verifier.verify({ id, number, content }), sizeBytes: content.length }
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error
    return { failure: messageOf(error) }
  }
})

function readIntoBuffer(path: string): Uint8Array {
  const descriptor = openSync(path, 'r')
  try {
    // What is larger is no pack, and known as such by its size; its beginning is enough to find the blobs damaged.
    const sizeBytes = Math.min(fstatSync(descriptor).size, LARGEST_FILE_BYTES)
    if (buffer.length < sizeBytes) buffer = new Uint8Array(sizeBytes)
    let read = 0
    for (let step = 1; read < sizeBytes && step > 0; read += step) step = readSync(descriptor, buffer, read, sizeBytes - read, read)
    return buffer.subarray(0, read)
  } finally {
    closeSync(descriptor)
  }
}
