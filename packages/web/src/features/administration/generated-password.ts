import { randomBytes } from '../../app/random.ts'

/** Letters and digits that are not taken for each other, 32 of them: a byte gives each with the same chance. */
const CHARACTERS = 'abcdefghijkmnpqrstuvwxyz23456789'
const GROUPS = 4
const GROUP_LENGTH = 5

/** A password of 100 random bits that can be read out on the telephone. */
export function generatePassword(): string {
  const bytes = randomBytes(GROUPS * GROUP_LENGTH)
  const letters = Array.from(bytes, (byte) => CHARACTERS[byte % CHARACTERS.length])
  return Array.from({ length: GROUPS }, (_, group) => letters.slice(group * GROUP_LENGTH, (group + 1) * GROUP_LENGTH).join('')).join('-')
}
