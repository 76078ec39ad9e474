import type { SealingKey } from '../../crypto/sealer.ts'
import type { PackId } from '../../format/ids.ts'
import type { BlobIndexHandle } from '../../repository/blob-index.ts'
import type { PackContentsHandle } from '../../repository/pack-contents.ts'
import type { PackVerdict } from './pack-verifier.ts'

/** What a worker that verifies packs is given at its start. */
export interface VerifyWorkerData {
  readonly masterKey: SealingKey
  readonly index: BlobIndexHandle
  readonly contents: PackContentsHandle
}

/** A pack to verify: from a local file, or as the main thread got it. */
export interface VerifyTask {
  readonly id: PackId
  readonly number: number
  readonly source: { readonly path: string } | { readonly content: Uint8Array }
}

/** A verdict, or why the file could not be read. */
export type VerifyResult = { readonly verdict: PackVerdict; readonly sizeBytes: number } | { readonly failure: string }
