import { scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { type SealingKey, sealingKeyFrom } from './sealer.ts'

/** Cost of scrypt (RFC 7914): it needs 128·N·r bytes and time in proportion to N·r·p. */
export interface ScryptCost {
  readonly N: number
  readonly r: number
  readonly p: number
}

/** One of the costs that OWASP's password storage advice names as equal to N=2^17, r=8, p=1: 32 MiB, about a fifth of a second. */
export const DEFAULT_SCRYPT_COST: ScryptCost = { N: 32768, r: 8, p: 3 }

const scryptAsync = promisify<string, Uint8Array, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt)

/** The key that a password and the salt of a key file give. Runs off the main thread. */
export async function deriveKey(password: string, salt: Uint8Array, cost: ScryptCost): Promise<SealingKey> {
  // Node's limit counts a little more than the 128·N·r of the algorithm itself.
  const maxmem = 128 * cost.N * cost.r + 128 * cost.r * cost.p + (1 << 20)
  return sealingKeyFrom(await scryptAsync(password, salt, 64, { ...cost, maxmem }))
}
