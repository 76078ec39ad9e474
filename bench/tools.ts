import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from './command.ts'
import { ROOT } from './options.ts'

/** The tools in the order of the tables. */
export const TOOL_NAMES = ['holdfast', 'restic', 'borg'] as const

export type ToolName = (typeof TOOL_NAMES)[number]

/** Where a tool keeps a repository, and its caches and settings beside it. */
export interface ToolPlace {
  readonly folder: string
  readonly repository: string
}

/** A program that makes backups. Every command runs to its end and needs nobody at the keyboard. */
export interface Tool {
  readonly name: ToolName
  readonly version: string
  init(place: ToolPlace): Command
  /** Backs up the paths into a snapshot; its name is not in use yet. */
  backup(place: ToolPlace, options: { readonly paths: readonly string[]; readonly snapshot: string }): Command
  /** Restores all of a snapshot into an empty folder. The snapshot must be the last one. */
  restore(place: ToolPlace, options: { readonly target: string; readonly snapshot: string }): Command
  /** Reads and verifies everything that is stored. */
  checkData(place: ToolPlace): Command
}

const PASSWORD = 'the bench has no secrets'

/** The three tools; ours is the command at `program`. Throws when one is missing or restic is older than 0.18. */
export function benchTools(program: string): readonly Tool[] {
  const restic = process.env.HOLDFAST_TEST_PEER_RESTIC ?? join(ROOT, '.cache/peer-restic/usr/bin/restic')
  const resticVersion = versionOf(restic, ['version'])
  if (!/^0\.(1[89]|[2-9]\d)\./.test(resticVersion)) throw new Error(`Cannot measure: ${restic} is ${resticVersion}, not 0.18 or later`)
  return [
    resticLike({ name: 'holdfast', version: ownVersion(), program }),
    resticLike({ name: 'restic', version: resticVersion, program: restic }),
    borg(versionOf('borg', ['--version'])),
  ]
}

/** The place of a tool's repository in `folder`, which belongs to that place alone. */
export function toolPlace(folder: string): ToolPlace {
  return { folder, repository: join(folder, 'repository') }
}

/** restic and holdfast take the same arguments. Neither gets a cache: the repository itself is in memory. */
function resticLike(tool: { readonly name: ToolName; readonly version: string; readonly program: string }): Tool {
  const command = (place: ToolPlace, args: readonly string[]): Command => ({
    program: tool.program,
    args: [...args, '--no-cache', '--repo', place.repository],
    environment: { ...environmentIn(place), RESTIC_PASSWORD: PASSWORD, HOLDFAST_PASSWORD: PASSWORD },
    folder: place.folder,
  })
  return {
    ...tool,
    init: (place) => command(place, ['init']),
    backup: (place, { paths }) => command(place, ['backup', ...paths]),
    restore: (place, { target }) => command(place, ['restore', 'latest', '--target', target]),
    checkData: (place) => command(place, ['check', '--read-data']),
  }
}

/** borg with restic's kind of compression and the encryption that its manual begins with; it cannot do without its cache. */
function borg(version: string): Tool {
  const command = (place: ToolPlace, args: readonly string[]): Command => ({
    program: 'borg',
    args,
    environment: { ...environmentIn(place), BORG_PASSPHRASE: PASSWORD, BORG_BASE_DIR: place.folder },
    folder: place.folder,
  })
  return {
    name: 'borg',
    version,
    init: (place) => command(place, ['init', '--encryption', 'repokey', place.repository]),
    backup: (place, { paths, snapshot }) =>
      command(place, ['create', '--compression', 'zstd,3', `${place.repository}::${snapshot}`, ...paths]),
    restore: (place, { target, snapshot }) => ({ ...command(place, ['extract', `${place.repository}::${snapshot}`]), folder: target }),
    checkData: (place) => command(place, ['check', '--verify-data', place.repository]),
  }
}

/** What all tools get. Temporary files are on the tmpfs too. */
function environmentIn(place: ToolPlace): Readonly<Record<string, string>> {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: place.folder, TMPDIR: place.folder, LANG: 'C.UTF-8' }
}

function versionOf(program: string, args: readonly string[]): string {
  return /\d+\.\d+\.\d+\S*/.exec(execFileSync(program, args, { encoding: 'utf8' }))?.[0] ?? 'unknown'
}

/** The version of this checkout, with the commit where git knows it. */
function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string }
  try {
    const asked = ['-c', 'safe.directory=*', 'describe', '--always', '--dirty']
    return `${version} (${execFileSync('git', asked, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()})`
  } catch {
    return version
  }
}
