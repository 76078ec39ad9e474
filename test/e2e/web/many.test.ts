import { DatabaseSync } from 'node:sqlite'
import type { Page } from 'playwright-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { labOfFile } from './web-lab.ts'

const CLIENTS = 10_000
const RUNS = 100_000
const FILES = 100_000
/** What is wanted of every request is 300 ms on a machine at rest; far beyond it something is wrong on any machine. */
const REQUEST_LIMIT_MS = 10_000
/** Of the pictures that are looked at while it scrolls: rows that come a moment later than the place they belong to. */
const BLANK_SHARE_MAX = 0.05

let snapshotId: number
let folder: string
const lab = labOfFile(async (empty) => {
  await empty.addRepository()
  for (let file = 0; file < FILES; file++) empty.file(`home/many/entry-${String(file).padStart(6, '0')}.txt`, '')
  folder = empty.place.path('home/many')
  const { id } = await empty.addAgent('desk')
  const made = await empty.backUp(id, [folder])
  snapshotId = made.snapshotId ?? 0
  await empty.server?.stop()
  furnish(empty.place.path('data', 'holdfast.db'), made)
})
/** All that is measured is asked of a server that has just started. */
beforeEach(() => lab.startServer(), 60_000)
afterEach(() => lab.server?.stop(), 60_000)

/** Copies the one client and the one run until there are many. */
function furnish(path: string, { runId }: { readonly runId: number }): void {
  const database = new DatabaseSync(path)
  const columns = (table: string): readonly string[] => {
    const rows = database.prepare(`select name from pragma_table_info('${table}') where name <> 'id'`).all()
    return rows.map(({ name }) => String(name))
  }
  const numbers = (count: number): string => `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})`
  const copied = (table: string, changes: Readonly<Record<string, string>>): string =>
    columns(table)
      .map((name) => changes[name] ?? `"${name}"`)
      .join(', ')
  const list = (table: string): string =>
    columns(table)
      .map((name) => `"${name}"`)
      .join(', ')
  const ofClients = copied('clients', { name: "'machine-' || substr('00000' || n.i, -5)", token_hash: 'null' })
  database.exec(`${numbers(CLIENTS)} insert into clients (${list('clients')}) select ${ofClients} from n, (select * from clients limit 1)`)
  const ofRuns = copied('runs', { created_at: 'created_at - n.i * 60000', started_at: 'started_at - n.i * 60000' })
  database.exec(`${numbers(RUNS)} insert into runs (${list('runs')}) select ${ofRuns} from n, (select * from runs where id = ${runId})`)
  database.close()
}

/** Scrolls a list to its end in big steps, and looks at every picture of it. */
const SCROLL = `
  (async (selector) => {
    const frame = document.querySelector(selector);
    const box = frame.getBoundingClientRect();
    let pictures = 0, blanks = 0;
    const end = performance.now() + 4000;
    while (performance.now() < end) {
      frame.scrollTop += box.height * 0.8;
      await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      pictures++;
      const seen = document.elementFromPoint(box.left + box.width / 3, box.top + Math.min(box.height, innerHeight - box.top) / 2);
      const row = seen?.closest('li, [role=row]');
      if (row === null || row === undefined || row.textContent.trim() === '') blanks++;
    }
    return { pictures, blanks, scrolled: frame.scrollTop };
  })`

interface Scrolled {
  readonly pictures: number
  readonly blanks: number
  readonly scrolled: number
}

async function scroll(page: Page, selector: string): Promise<Scrolled> {
  return page.evaluate(`${SCROLL}(${JSON.stringify(selector)})`)
}

test.each([
  { what: `${CLIENTS.toLocaleString('en')} clients`, path: () => '/clients', list: 'main section[tabindex]' },
  { what: `${RUNS.toLocaleString('en')} runs`, path: () => '/runs', list: 'main section[tabindex]' },
  {
    what: `a folder of ${FILES.toLocaleString('en')} entries`,
    path: () => `/snapshots/${snapshotId}?path=${encodeURIComponent(folder)}`,
    list: 'main [role=grid]',
  },
])(
  '$what scroll without blanks',
  async ({ what, path, list }) => {
    const visit = await lab.visit({ as: 'admin' })
    const { page } = visit
    const requests: { readonly url: string; readonly durationMs: number }[] = []
    page.on('requestfinished', (request) => {
      const { responseEnd, requestStart } = request.timing()
      if (/\/api\/v1\/(?!events)/.test(request.url())) requests.push({ url: request.url(), durationMs: responseEnd - requestStart })
    })
    await visit.open(path())
    await page.locator(list).first().waitFor()
    const { pictures, blanks, scrolled } = await scroll(page, list)
    const slowest = requests.toSorted((a, b) => b.durationMs - a.durationMs)[0]
    const { pathname } = new URL(slowest?.url ?? lab.url)
    process.stdout.write(
      `${what}: ${pictures} pictures over ${Math.round(scrolled)} pixels, ${blanks} blank; ` +
        `${requests.length} requests, the slowest ${Math.round(slowest?.durationMs ?? 0)} ms (${pathname})\n`,
    )
    expect(scrolled).toBeGreaterThan(5000)
    expect(blanks / pictures).toBeLessThanOrEqual(BLANK_SHARE_MAX)
    expect(slowest?.durationMs).toBeLessThan(REQUEST_LIMIT_MS)
    expect(visit.complaints).toEqual([])
  },
  60_000,
)
