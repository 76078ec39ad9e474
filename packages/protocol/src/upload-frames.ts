/**
 * The bodies of managed uploads that are not JSON. Blobs are named by 33 bytes: the type (0 data, 1 tree) and the SHA-256 of the plaintext.
 * A question is names, one behind the other. Blobs travel in the frames of the engine.
 */
export const BLOB_NAME_LENGTH = 33
const NONCE_LENGTH = 32
const PROOF_LENGTH = 32

/** Blobs that one question, and so one proof, may be about. */
export const QUESTION_BLOBS = 4096
/** The largest body of a question. */
export const QUESTION_BYTES_MAX: number = QUESTION_BLOBS * BLOB_NAME_LENGTH
/** The largest body of proofs. */
export const PROOFS_BYTES_MAX: number = NONCE_LENGTH + QUESTION_BLOBS * (BLOB_NAME_LENGTH + PROOF_LENGTH)

/** The answer to a question: a nonce of 32 bytes, and for each blob a byte: 0 the server has it, 1 send it, 2 prove that you have it. */
export interface UploadAnswer {
  readonly nonce: Uint8Array
  readonly verdicts: Uint8Array
}

/** Proofs for blobs of one answer: HMAC-SHA-256 of each blob's plaintext, with the answer's nonce as the key. */
export interface UploadProofs {
  readonly nonce: Uint8Array
  readonly names: Uint8Array
  readonly proofs: Uint8Array
}

/** The body of an answer. */
export function encodeAnswer({ nonce, verdicts }: UploadAnswer): Uint8Array {
  return joined([nonce, verdicts])
}

/** Undefined for bytes that are no answer. */
export function decodeAnswer(bytes: Uint8Array): UploadAnswer | undefined {
  if (bytes.length < NONCE_LENGTH) return undefined
  return { nonce: bytes.subarray(0, NONCE_LENGTH), verdicts: bytes.subarray(NONCE_LENGTH) }
}

/** The body of proofs. */
export function encodeProofs({ nonce, names, proofs }: UploadProofs): Uint8Array {
  return joined([nonce, names, proofs])
}

/** Undefined for bytes that are no proofs. */
export function decodeProofs(bytes: Uint8Array): UploadProofs | undefined {
  const count = (bytes.length - NONCE_LENGTH) / (BLOB_NAME_LENGTH + PROOF_LENGTH)
  if (!Number.isInteger(count) || count < 1) return undefined
  const namesEnd = NONCE_LENGTH + count * BLOB_NAME_LENGTH
  return { nonce: bytes.subarray(0, NONCE_LENGTH), names: bytes.subarray(NONCE_LENGTH, namesEnd), proofs: bytes.subarray(namesEnd) }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}
