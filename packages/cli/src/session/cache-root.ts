import { join } from 'node:path'
import type { CommandContext } from '../command-line/command.ts'

/** The folder that holds the caches of all repositories, which restic uses too; undefined when there is nowhere to put one. */
export function cacheRoot({ globals, environment }: Pick<CommandContext, 'globals' | 'environment'>): string | undefined {
  const named = globals.cacheDir ?? environment.get('cacheDir')
  if (named !== undefined) return named
  const base = environment.get('xdgCacheHome')
  if (base !== undefined) return join(base, 'restic')
  const home = environment.get('home')
  return home === undefined ? undefined : join(home, '.cache', 'restic')
}
