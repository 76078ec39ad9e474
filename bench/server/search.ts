import { globSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { argv } from 'node:process'
import { systemClock } from '@holdfast/engine'
import { sql } from 'kysely'
import { type Database, openDatabase } from '../../packages/server/src/db/database.ts'
import { migrate } from '../../packages/server/src/db/migrate.ts'
import { FileSearch } from '../../packages/server/src/features/search/file-search.ts'
import { SearchStore } from '../../packages/server/src/features/search/store.ts'
import type { UserActor } from '../../packages/server/src/http/actor.ts'
import { fillIndex } from '../../packages/server/src/testing/large-index.ts'
import { startPostgres } from '../../packages/server/src/testing/postgres.ts'

/**
 * How long searches take in an index of ten million file versions, on SQLite and PostgreSQL: `node bench/server/search.ts [MILLIONS]`. What
 * is searched for: what every third name holds, one in a hundred, one in a million, none; endings; two letters; one name in all folders.
 */
const MILLIONS = Number(argv[2] ?? 10)
const CLIENTS = 100
const TARGET_MS = 500
const ROUNDS = 5
const QUERIES = ['report', 'zebra', 'needle', 'nothing-like-it', '*.pdf', 'holi*7.jpg', 'index.js', 're', 'xq', '4711'] as const

const admin: UserActor = { kind: 'user', userId: 1, username: 'root', role: 'admin', scopes: undefined, sessionId: 1 }
const owner: UserActor = { ...admin, userId: 2, username: 'ann', role: 'operator' }

async function measure(name: string, database: Database): Promise<number> {
  await migrate(database, { clock: systemClock })
  const begin = performance.now()
  for (const id of [1, 2]) {
    const user = { id, username: `user ${id}`, role: 'admin', is_disabled: 0, created_at: 0 } as const
    await database.queries.insertInto('users').values(user).execute()
  }
  const names = Math.round((MILLIONS * 1_000_000) / CLIENTS / 4 / 1.25)
  const versions = await fillIndex(database, {
    clients: CLIENTS,
    ownerId: 1,
    firstOwnerId: 2,
    names,
    commonFolders: names / 4,
    versionsPerFile: 4,
  })
  console.log(`\n${name}: ${versions} versions of files, filled in ${((performance.now() - begin) / 1000).toFixed(0)} s`)
  const search = new FileSearch({ store: new SearchStore(database.queries, database.kind), clock: systemClock })
  let worst = 0
  for (const [who, actor] of [
    ['all clients', admin],
    ['one client of a hundred', owner],
  ] as const) {
    for (const query of QUERIES) {
      const [first, second] = await time(search, actor, query)
      worst = Math.max(worst, first.worstMs, second.worstMs)
      const figures = [first, second].map(({ medianMs, worstMs, items }) => `${medianMs.toFixed(0)} / ${worstMs.toFixed(0)} ms (${items})`)
      console.log(`  ${who.padEnd(24)} ${query.padEnd(16)} page 1: ${figures[0]?.padEnd(22)} page 2: ${figures[1]}`)
    }
  }
  return worst
}

interface Timing {
  readonly medianMs: number
  readonly worstMs: number
  readonly items: number
}

/** The first and the second page, each some times. */
async function time(search: FileSearch, actor: UserActor, query: string): Promise<readonly [Timing, Timing]> {
  const timings: Timing[] = []
  let cursor: string | null | undefined
  for (let page = 0; page < 2; page++) {
    const times: number[] = []
    let [items, next]: [number, string | null] = [0, null]
    for (let round = 0; round < ROUNDS && cursor !== null; round++) {
      const begin = performance.now()
      const answer = await search.search(actor, { query, limit: 100, ...(cursor === undefined ? {} : { cursor }) })
      times.push(performance.now() - begin)
      ;[items, next] = [answer.items.length, answer.next]
    }
    times.sort((a, b) => a - b)
    timings.push({ medianMs: times[Math.floor(times.length / 2)] ?? 0, worstMs: times.at(-1) ?? 0, items })
    cursor = next
  }
  const [first, second] = timings
  if (first === undefined || second === undefined) throw new Error('nothing was measured')
  return [first, second]
}

const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
try {
  const path = join(folder, 'holdfast.db')
  const sqlite = openDatabase(`sqlite:${path}`)
  let worst = await measure('SQLite', sqlite)
  await sqlite.close()
  console.log(`  ${(statSync(path).size / 2 ** 30).toFixed(2)} GiB on disk`)
  if (globSync('/usr/lib/postgresql/*/bin').length > 0) {
    const postgres = await startPostgres()
    try {
      const database = openDatabase(await postgres.createDatabase())
      worst = Math.max(worst, await measure('PostgreSQL', database))
      const { rows } = await sql<{ size: number }>`select pg_database_size(current_database()) as size`.execute(database.queries)
      console.log(`  ${((rows[0]?.size ?? 0) / 2 ** 30).toFixed(2)} GiB on disk`)
      await database.close()
    } finally {
      await postgres.stop()
    }
  }
  console.log(`\nslowest page: ${worst.toFixed(0)} ms; wanted: under ${TARGET_MS} ms`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
