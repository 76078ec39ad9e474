import { hash } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { argv, memoryUsage } from 'node:process'
import { FolderCache, type TreeSource } from '../../packages/server/src/features/snapshots/folder-cache.ts'
import type { ListingSort } from '../../packages/server/src/features/snapshots/folder-listing.ts'

/**
 * How long a page of a folder with a million files takes: `node bench/server/browse.ts [FILES]`. The first page after the start of the
 * server reads the folder's tree, some 400 MB of JSON; all others come from memory.
 */
const FILES = Number(argv[2] ?? 1_000_000)
const TARGET_MS = 200
const PAGES = 200
const TREE = 'ab'.repeat(32)

/** A tree as restic writes it. */
function treeOf(files: number): Buffer {
  const pieces = ['{"nodes":[']
  for (let index = 0; index < files; index++) {
    const name = `photo-${String(index).padStart(8, '0')}.jpg`
    const time = `2024-03-01T12:00:${String(index % 60).padStart(2, '0')}.${String((index * 7919) % 1_000_000_000).padStart(9, '0')}Z`
    const times = `"mtime":"${time}","atime":"${time}","ctime":"${time}"`
    const numbers = `"inode":${index + 1},"device_id":64769,"size":${(index * 104_729) % 10_000_000},"links":1`
    const head = `{"name":"${name}","type":"file","mode":420,${times},"uid":1000,"gid":1000,"user":"ann","group":"ann",${numbers}`
    pieces.push(`${index === 0 ? '' : ','}${head},"content":["${hash('sha256', name)}"]}`)
  }
  pieces.push(']}\n')
  return Buffer.from(pieces.join(''))
}

async function main(): Promise<void> {
  const tree = treeOf(FILES)
  console.log(`${FILES} files in one folder: a tree of ${(tree.length / 1e6).toFixed(0)} MB`)
  const source = { readBlob: async () => tree, index: { find: () => undefined } } as unknown as TreeSource
  const folders = new FolderCache()
  const begin = performance.now()
  let longestPauseMs = 0
  let last = performance.now()
  const heart = setInterval(() => {
    longestPauseMs = Math.max(longestPauseMs, performance.now() - last - 5)
    last = performance.now()
  }, 5)
  const listing = await folders.listing(source, TREE as never)
  clearInterval(heart)
  console.log(`  read from its tree: ${(performance.now() - begin).toFixed(0)} ms, others waiting at most ${longestPauseMs.toFixed(0)} ms`)
  const [keptMb, processMb] = [listing.sizeBytes / 1e6, memoryUsage().rss / 1e6]
  console.log(`  kept: ${keptMb.toFixed(0)} MB; process ${processMb.toFixed(0)} MB, of it the tree ${(tree.length / 1e6).toFixed(0)} MB`)
  let worst = 0
  for (const sort of ['name', 'size', 'time'] as const satisfies readonly ListingSort[]) {
    const times: number[] = []
    for (let page = 0; page < PAGES; page++) {
      const begun = performance.now()
      const listed = await folders.listing(source, TREE as never)
      listed.page({
        sort,
        order: page % 2 === 0 ? 'asc' : 'desc',
        offset: ((page * 7919) % 10_000) * Math.floor(FILES / 10_000),
        limit: 100,
      })
      times.push(performance.now() - begun)
    }
    const [first = 0] = times
    worst = Math.max(worst, ...times)
    times.sort((a, b) => a - b)
    console.log(
      `  by ${sort}: first page ${first.toFixed(1)} ms, median ${times[PAGES / 2]?.toFixed(2)} ms, slowest ${times.at(-1)?.toFixed(1)} ms`,
    )
  }
  console.log(`slowest page from memory: ${worst.toFixed(0)} ms; wanted: under ${TARGET_MS} ms`)
}

await main()
