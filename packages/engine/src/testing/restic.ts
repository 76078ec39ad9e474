import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A restic program that tests hold the engine against. */
export interface ResticBinary {
  /** What tests print: `installed` or `current`. */
  readonly name: string
  readonly path: string
  /** As the program says it, such as `0.18.0`. */
  readonly version: string
}

const PEER = fileURLToPath(new URL('../../../../.cache/peer-restic/usr/bin/restic', import.meta.url))

let found: readonly ResticBinary[] | undefined

/**
 * The restic programs of this machine: the one in `PATH` (Debian's) and the current one that `tools/peer-restic.sh` fetches.
 * `HOLDFAST_TEST_RESTIC` and `HOLDFAST_TEST_PEER_RESTIC` name others. Throws with what to run when one of the two is missing, so that
 * no test can pass by finding nothing to compare with.
 */
export function resticBinaries(): readonly ResticBinary[] {
  found ??= [describe('installed', installedPath()), describe('current', process.env.HOLDFAST_TEST_PEER_RESTIC ?? PEER)]
  return found
}

function installedPath(): string {
  const named = process.env.HOLDFAST_TEST_RESTIC
  if (named !== undefined) return named
  const candidates = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'restic'))
  const path = candidates.find(isExecutable)
  if (path === undefined) throw new Error('Cannot find restic: nothing in PATH has that name; run `apt-get install restic`')
  return path
}

function describe(name: string, path: string): ResticBinary {
  if (!isExecutable(path)) throw new Error(`Cannot find the ${name} restic: no program at ${path}; run \`sh tools/peer-restic.sh\``)
  const output = execFileSync(path, ['version'], { encoding: 'utf8' })
  const version = /^restic (\d+\.\d+\.\d+)/.exec(output)?.[1]
  if (version === undefined) throw new Error(`Cannot read the version of ${path}: it printed ${JSON.stringify(output)}`)
  return { name, path, version }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
