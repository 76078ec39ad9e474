import { randomBytes, randomFillSync } from 'node:crypto'

/** The only place where the engine asks for randomness. All of it is cryptographically secure. */
export function secureRandom(lengthBytes: number): Buffer {
  return randomBytes(lengthBytes)
}

/** Fills `target` with secure random bytes. */
export function fillRandom(target: Uint8Array): void {
  randomFillSync(target)
}

/** A number in [0, 1) for jitter and sampling, with 32 bits. */
export function randomFraction(): number {
  return randomBytes(4).readUInt32LE() / 2 ** 32
}
