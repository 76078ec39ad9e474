import { CommandFailure } from '../command-failure.ts'
import type { GlobalValues } from '../command-line/global-flags.ts'

/** What can be set with `-o key=value`. */
export const EXTENDED_OPTIONS = {
  'local.connections': 'how many files may be read and written at once (default: 2)',
  'rest.connections': 'how many requests may be under way at once (default: 5)',
  's3.connections': 'how many requests may be under way at once (default: 5)',
  's3.storage-class': 'storage class of new files, such as STANDARD_IA',
  's3.region': 'region of the bucket',
  's3.bucket-lookup': "where the bucket's name goes: auto, dns or path",
  's3.list-objects-v1': 'list with the older call, for servers that lack the newer (true or false)',
  's3.unsafe-anonymous-auth': 'use no credentials, for a public bucket (true or false)',
  'sftp.connections': 'how many files may be read and written at once (default: 5)',
} as const satisfies Readonly<Record<string, string>>

/** Options of restic that have no effect here, and do no harm. */
const IGNORED: readonly string[] = ['local.layout', 's3.layout', 'sftp.layout', 's3.retries']

/** The values of `-o`, the last of each name. */
export function extendedOptions({ option }: Pick<GlobalValues, 'option'>): ReadonlyMap<string, string> {
  return new Map(option.flat())
}

/** Refuses names of our storages that mean nothing. Options of storages that only restic has are none of our business. */
export function checkExtendedOptions(options: ReadonlyMap<string, string>): void {
  const spaces = new Set(Object.keys(EXTENDED_OPTIONS).map((name) => name.split('.')[0]))
  for (const name of options.keys()) {
    if (!Object.hasOwn(EXTENDED_OPTIONS, name) && !IGNORED.includes(name) && spaces.has(name.split('.')[0])) {
      throw new CommandFailure('usage', `option ${name} is not known; \`holdfast options\` lists all`)
    }
  }
}
