import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type CacheInfo, listCaches, messageOf, removeCache, systemClock } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { parsed, toggle, wholeNumber } from '../command-line/flag.ts'
import { formatBytes } from '../output/format.ts'
import { Printer } from '../output/printer.ts'
import { tableLines } from '../output/table.ts'
import { cacheRoot } from '../session/cache-root.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const DEFAULT_MAX_AGE_DAYS = 30

export const cacheCommand = defineCommand({
  usage: '',
  description: `
    Shows the caches of repositories on this machine, or removes those that were not used for long. Removing one loses
    nothing.
  `,
  flags: {
    cleanup: toggle('--cleanup', 'remove old caches'),
    maxAge: parsed('--max-age <days>', 'after how many days a cache is old (default: 30)', (value) => wholeNumber(value)),
    noSize: toggle('--no-size', 'do not count the sizes'),
  },
  examples: [
    { line: 'cache', does: 'How much is cached?' },
    { line: 'cache --cleanup --max-age 7', does: 'Remove what was not used for a week' },
  ],
  async run(context, { flags, args }) {
    if (args.length > 0) throw new CommandFailure('usage', 'the cache command expects no arguments, only options')
    if (context.globals.noCache) throw new CommandFailure('usage', 'Refusing to do anything, the cache is disabled')
    const root = cacheRoot(context)
    if (root === undefined) throw new CommandFailure('usage', 'unable to locate cache directory: neither --cache-dir nor $HOME is set')
    const printer = new Printer(context, { isJson: false })
    const maxAgeMs = (flags.maxAge ?? DEFAULT_MAX_AGE_DAYS) * DAY_MS
    const caches = (await listCaches(root)).toSorted((a, b) => a.lastUsedMs - b.lastUsedMs)
    if (flags.cleanup || context.globals.cleanupCache)
      await cleanUp(
        caches.filter((cache) => ageOf(cache) > maxAgeMs),
        printer,
      )
    else if (caches.length === 0) printer.result(`no cache dirs found, basedir is ${root}`)
    else await show(caches, { printer, root, maxAgeMs, withSize: !flags.noSize })
  },
})

async function cleanUp(old: readonly CacheInfo[], printer: Printer): Promise<void> {
  printer.info(old.length === 0 ? 'no old cache dirs found' : `remove ${old.length} old cache directories`)
  for (const cache of old) {
    await removeCache(cache).catch((error: unknown) => printer.warn(`unable to remove ${cache.folder}: ${messageOf(error)}`))
  }
}

async function show(
  caches: readonly CacheInfo[],
  options: { readonly printer: Printer; readonly root: string; readonly maxAgeMs: number; readonly withSize: boolean },
): Promise<void> {
  const { printer, root, maxAgeMs, withSize } = options
  const sizes = new Map<CacheInfo, number>()
  if (withSize) for (const cache of caches) sizes.set(cache, await folderSize(cache.folder))
  const columns = [
    { heading: 'Repo ID', cell: (cache: CacheInfo) => cache.repositoryId.slice(0, 10) },
    { heading: 'Last Used', cell: (cache: CacheInfo) => `${Math.floor(ageOf(cache) / DAY_MS)} days ago` },
    { heading: 'Old', cell: (cache: CacheInfo) => (ageOf(cache) > maxAgeMs ? 'yes' : '') },
    ...(withSize ? [{ heading: 'Size', cell: (cache: CacheInfo) => formatBytes(sizes.get(cache) ?? 0).padStart(11) }] : []),
  ]
  for (const line of tableLines(columns, caches)) printer.result(line)
  printer.result(`${caches.length} cache dirs in ${root}`)
}

function ageOf({ lastUsedMs }: CacheInfo): number {
  return systemClock.now() - lastUsedMs
}

async function folderSize(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  let sum = 0
  for (const entry of entries) {
    // A cache in use loses files while it is counted.
    if (entry.isFile())
      sum += await stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      )
  }
  return sum
}
