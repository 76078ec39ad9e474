import { passwordSchema } from '@holdfast/protocol'
import { ServerError } from '../../errors.ts'

/** What must be left of a password once the user's name is taken out of it. */
const BESIDES_NAME_MIN = 6
const DIFFERENT_CHARACTERS_MIN = 4

/**
 * Of the lists of passwords that were found in leaks, the most frequent that are long enough to pass otherwise. Short on purpose: guesses
 * over the network are limited to a few thousand a day (`sign-in-throttle.ts`), and these are what such a number is spent on first.
 */
const COMMON: ReadonlySet<string> = new Set(
  `1234567890 12345678910 0123456789 0987654321 9876543210 123456789a a123456789 123456789q 123123123123 1q2w3e4r5t 1q2w3e4r5t6y
  1qaz2wsx3edc 1qazxsw23edc q1w2e3r4t5 q1w2e3r4t5y6 qwertyuiop qwerty12345 qwerty123456 qwerty123! qwertyuiop123 qwertyuiop[] qwertzuiop
  asdfghjkl1 asdfghjkl; zxcvbnm123 1234qwerasdf qwer1234asdf password12 password123 password1234 password12345 password123! password1!
  passw0rd123 p@ssw0rd123 p@ssword123 passwordpassword mypassword123 newpassword changeme123 changemenow changeme1234 letmein123
  letmeinnow iloveyou12 iloveyou123 iloveyou1234 welcome123 welcome1234 welcome2024 welcome2025 welcome2026 admin12345 admin123456
  administrator administrator1 root123456 superadmin superuser1 secret12345 test123456 testtest123 trustno1trustno1 football123
  baseball123 basketball sunshine123 princess123 dragon12345 monkey12345 master12345 michael123 charlie123 starwars123 pokemon123
  superman123 batman12345 liverpool1 chelsea123 manchester manchester1 computer123 internet123 samsung123 abcdefghij abcdefghijk
  abcd123456 abc1234567 abc123abc123 aa12345678 a1b2c3d4e5 summer2024! summer2025! winter2024! winter2025! holdfast123 holdfast1234
  backup1234 backup12345 backupbackup`.split(/\s+/),
)

/**
 * Refuses passwords that are guessed first: shorter than 10 characters, the user's name with little besides, hardly any different
 * characters, or among the common ones. Nothing is asked about capitals, digits or signs: such rules make people choose what is easy to
 * guess again (NIST SP 800-63B, section 5.1.1.2).
 * @throws {ServerError} `request.invalid` with a message that says why.
 */
export function demandGoodPassword(password: string, { username }: { readonly username: string }): void {
  const reason = weaknessOf(password, username)
  if (reason !== undefined) throw new ServerError('request.invalid', `Cannot take the password: ${reason}`)
}

function weaknessOf(password: string, username: string): string | undefined {
  const text = password.toLowerCase()
  const name = username.toLowerCase()
  if (!passwordSchema.safeParse(password).success) return 'it must have 10 to 200 characters'
  if (text === name || (name.length > 2 && text.includes(name) && text.replaceAll(name, '').length < BESIDES_NAME_MIN)) {
    return 'it is little more than the name of the user'
  }
  if (new Set(text).size < DIFFERENT_CHARACTERS_MIN) return 'it has hardly any different characters'
  return COMMON.has(text) ? 'it is one of those that are guessed first' : undefined
}
