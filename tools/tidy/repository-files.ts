import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { factsOf, type ModuleFacts } from './module-facts.ts'

/** The folder that this repository is checked out in. */
export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url))

export interface RepositoryFile {
  /** Relative to the repository, with slashes. */
  readonly path: string
  readonly sizeBytes: number
  /** Empty for binary files and for fixtures, whose content is not ours to judge. */
  readonly lines: readonly string[]
}

/** Everything that is committed or could be: tracked files and new ones that are not ignored. */
export function repositoryFiles(): readonly RepositoryFile[] {
  // A checkout may belong to another user than the one who tests it.
  const asked = ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const listing = execFileSync('git', asked, { cwd: ROOT, encoding: 'utf8' })
  const paths = [...new Set(listing.split('\0'))].filter((path) => path !== '' && existsSync(join(ROOT, path)))
  return paths.toSorted().map((path) => ({ path, sizeBytes: statSync(join(ROOT, path)).size, lines: textLinesOf(path) }))
}

function textLinesOf(path: string): readonly string[] {
  if (path.includes('/fixtures/')) return []
  const content = readText(path)
  return content.includes('\0') ? [] : content.split('\n')
}

/** Content of a file of the repository. */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** The parsed modules among `files`. AssemblyScript kernels are no TypeScript and are left out. */
export function modulesAmong(files: readonly RepositoryFile[]): readonly ModuleFacts[] {
  return files
    .filter(({ path, lines }) => /\.tsx?$/.test(path) && !path.includes('/kernel/') && lines.length > 0)
    .map(({ path, lines }) => factsOf(path, lines.join('\n')))
}

/** Whether a path is a test, or part of what tests are made of. */
export function isTestCode(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || /(^|\/)(test|testing|fixtures)\//.test(path)
}
