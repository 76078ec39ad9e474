import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandFailure } from '../command-failure.ts'
import type { Environment } from '../environment.ts'

/** Keys for S3 from a section of the credentials file. */
export interface ProfileCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/**
 * The keys of the profile that the environment names, or of `default`; undefined when nothing names one and there is no file.
 * @throws {CommandFailure} when a profile is named that does not have keys.
 */
export async function profileCredentials(environment: Environment): Promise<ProfileCredentials | undefined> {
  const home = environment.get('home')
  const file = environment.get('awsSharedCredentialsFile') ?? (home === undefined ? undefined : join(home, '.aws', 'credentials'))
  const profile = environment.get('awsProfile')
  const content = file === undefined ? undefined : await readFile(file, 'utf8').catch(() => undefined)
  const found = content === undefined ? undefined : parseProfile(content, profile ?? 'default')
  if (found === undefined && profile !== undefined) {
    throw new CommandFailure('usage', `there are no keys of the profile ${JSON.stringify(profile)} in ${file ?? 'any credentials file'}`)
  }
  return found
}

/** The keys in one section of a credentials file; undefined where it has none. */
export function parseProfile(content: string, profile: string): ProfileCredentials | undefined {
  const values = new Map<string, string>()
  let section = ''
  for (const line of content.split(/\r?\n/).map((one) => one.trim())) {
    const heading = /^\[(?:profile\s+)?([^\]]+)\]$/.exec(line)
    const pair = /^([a-z_]+)\s*=\s*(.*)$/i.exec(line)
    if (heading !== null) section = heading[1]?.trim() ?? ''
    else if (pair !== null && section === profile) values.set((pair[1] ?? '').toLowerCase(), pair[2] ?? '')
  }
  const accessKeyId = values.get('aws_access_key_id')
  const secretAccessKey = values.get('aws_secret_access_key')
  if (!accessKeyId || !secretAccessKey) return undefined
  return { accessKeyId, secretAccessKey, sessionToken: values.get('aws_session_token') }
}
