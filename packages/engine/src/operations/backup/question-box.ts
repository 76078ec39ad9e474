/**
 * Shared memory in which the main thread answers one question of a worker: a word of state, the nonce, and a byte for each blob that was
 * asked about. A worker has two, so that it fills one batch of blobs while the other is asked about.
 */
export interface QuestionBox {
  readonly memory: SharedArrayBuffer
}

/** Blobs that one question may be about. */
export const QUESTION_BLOBS_MAX = 4096

export const BOX_FREE = 0
export const BOX_ASKED = 1
export const BOX_ANSWERED = 2
export const BOX_PROVING = 3
export const BOX_FAILED = 4

const STATE_BYTES = 4
const NONCE_BYTES = 32

/** A box for one question after the other. */
export function createQuestionBox(): QuestionBox {
  return { memory: new SharedArrayBuffer(STATE_BYTES + NONCE_BYTES + QUESTION_BLOBS_MAX) }
}

/** Where the main thread puts the nonce of its answer, and the worker finds it. */
export function nonceOf({ memory }: QuestionBox): Uint8Array {
  return new Uint8Array(memory, STATE_BYTES, NONCE_BYTES)
}

/** Where the main thread puts its verdicts, and the worker finds them. */
export function verdictsOf({ memory }: QuestionBox): Uint8Array {
  return new Uint8Array(memory, STATE_BYTES + NONCE_BYTES)
}

/** Sets the state and wakes whoever waits for a change of it. */
export function setBoxState({ memory }: QuestionBox, state: number): void {
  const words = new Int32Array(memory, 0, 1)
  Atomics.store(words, 0, state)
  Atomics.notify(words, 0)
}

/** Blocks the thread for as long as the box is in one of two states that only the main thread ends; gives the state after that. */
export function awaitAnswer({ memory }: QuestionBox): number {
  const words = new Int32Array(memory, 0, 1)
  for (;;) {
    const state = Atomics.load(words, 0)
    if (state !== BOX_ASKED && state !== BOX_PROVING) return state
    Atomics.wait(words, 0, state)
  }
}
