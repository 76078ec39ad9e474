import { argon2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { secureRandom } from '@holdfast/engine'

/** OWASP's first recommendation for Argon2id (Password Storage Cheat Sheet, 2025): 19 MiB, two passes, one lane. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 }
const SALT_BYTES = 16
const TAG_BYTES = 32

const derive = promisify(argon2)

/** Hashes a password with Argon2id; gives it in PHC form. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = secureRandom(SALT_BYTES)
  const tag = await derive('argon2id', { message: password, nonce, tagLength: TAG_BYTES, ...COST })
  const cost = `m=${COST.memory},t=${COST.passes},p=${COST.parallelism}`
  return `$argon2id$v=19$${cost}$${unpadded(nonce)}$${unpadded(tag)}`
}

/** Whether `password` is the one that `hash` was made of. Takes as long for a user who does not exist (`hash` undefined) as for others. */
export async function verifyPassword(hash: string | undefined, password: string): Promise<boolean> {
  const [, memory, passes, parallelism, salt, tag] =
    /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(hash ?? '') ?? []
  const nonce = Buffer.from(salt ?? unpadded(Buffer.alloc(SALT_BYTES)), 'base64')
  const expected = Buffer.from(tag ?? '', 'base64')
  const cost = tag === undefined ? COST : { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
  const found = await derive('argon2id', { message: password, nonce, tagLength: TAG_BYTES, ...cost })
  return expected.length === found.length && timingSafeEqual(expected, found)
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
