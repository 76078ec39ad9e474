import type { Page, Response } from 'playwright-core'
import { expect, test } from 'vitest'
import { furnishedLabOfFile } from './furnished-lab.ts'

/** All the compressed JavaScript that a first visit may load, in bytes. */
const SCRIPT_BYTES_MAX = 250 * 1024
/** What of it may come before anything is drawn, where people come first: nothing that floats, and no form. */
const FIRST_SCRIPT_BYTES_MAX = 165 * 1024
/** As slow as a cheap phone. */
const CPU_SLOWDOWN = 4
/** Long enough for the first page to be there. */
const UNDISTURBED_MS = 2500

const { lab } = furnishedLabOfFile()

/** What a page costs and how it comes, as a browser sees it with nothing in its cache. */
interface Weight {
  readonly scriptBytes: number
  /** Of the scripts that the server names together with the page. */
  readonly firstScriptBytes: number
  readonly styleBytes: number
  readonly requests: number
  readonly uncompressed: readonly string[]
  readonly uncached: readonly string[]
  readonly largestPaintMs: number
  readonly layoutShift: number
}

const kilobytes = (bytes: number): number => Math.round(bytes / 1024)

/** Begins to watch before anything is painted. */
const WATCH = `
  window.seen = { paint: 0, shift: 0 };
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.seen.paint = entry.startTime; })
    .observe({ type: 'largest-contentful-paint', buffered: true });
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.seen.shift += entry.value; })
    .observe({ type: 'layout-shift', buffered: true });
`

async function weigh(path: string, as: string | undefined): Promise<Weight> {
  const visit = await lab.visit(as === undefined ? {} : { as })
  const { page } = visit
  const answers: Response[] = []
  page.on('response', (response) => answers.push(response))
  await page.addInitScript(WATCH)
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWDOWN })
  // Whoever looks into the page meanwhile slows it down: that takes scripts of its own.
  const document = await page.goto(path, { waitUntil: 'commit' })
  const links = document?.headers().link ?? ''
  await page.waitForTimeout(UNDISTURBED_MS)
  await visit.settled()
  const { paint, shift }: { readonly paint: number; readonly shift: number } = await settledPaint(page)
  const files = answers.filter((answer) => answer.ok() && /\/assets\//.test(answer.url()))
  const sizeOf = async (kind: string, counts: (url: string) => boolean = () => true): Promise<number> => {
    const counted = files.filter((file) => file.request().resourceType() === kind && counts(file.url()))
    const sizes = await Promise.all(counted.map((file) => file.request().sizes()))
    return sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0)
  }
  const weight = {
    scriptBytes: await sizeOf('script'),
    firstScriptBytes: await sizeOf('script', (url) => links.includes(new URL(url).pathname)),
    styleBytes: await sizeOf('stylesheet'),
    requests: answers.length,
    uncompressed: files.filter((file) => !/br|gzip/.test(file.headers()['content-encoding'] ?? '')).map((file) => file.url()),
    uncached: files.filter((file) => !/immutable/.test(file.headers()['cache-control'] ?? '')).map((file) => file.url()),
    largestPaintMs: Math.round(paint),
    layoutShift: shift,
  }
  expect(visit.complaints).toEqual([])
  // While React starts errors note no stack; from then on they do.
  expect(await page.evaluate('Error.stackTraceLimit')).toBe(await (await page.context().newPage()).evaluate('Error.stackTraceLimit'))
  await page.context().close()
  return weight
}

async function settledPaint(page: Page): Promise<{ readonly paint: number; readonly shift: number }> {
  await page.waitForTimeout(500)
  return page.evaluate('window.seen')
}

test.each([
  ['/sign-in', undefined],
  ['/', 'admin'],
  ['/clients', 'admin'],
  ['/snapshots', 'admin'],
  ['/runs', 'admin'],
])('a first visit to %s weighs little, and nothing on it jumps', async (path, as) => {
  const weight = await weigh(path, as)
  const { scriptBytes, firstScriptBytes, styleBytes, requests, largestPaintMs, layoutShift } = weight
  process.stdout.write(
    `${path}: ${kilobytes(scriptBytes)} KB of scripts (first ${kilobytes(firstScriptBytes)}), ${kilobytes(styleBytes)} KB of styles, ` +
      `${requests} requests, largest paint after ${largestPaintMs} ms at ${CPU_SLOWDOWN} times slower, ` +
      `layout shift ${layoutShift.toFixed(3)}\n`,
  )
  expect(scriptBytes).toBeGreaterThan(0)
  expect(scriptBytes).toBeLessThanOrEqual(SCRIPT_BYTES_MAX)
  if (['/', '/sign-in', '/clients'].includes(path)) expect(firstScriptBytes).toBeLessThanOrEqual(FIRST_SCRIPT_BYTES_MAX)
  expect(firstScriptBytes).toBeGreaterThan(0)
  expect(weight.uncompressed).toEqual([])
  expect(weight.uncached).toEqual([])
  expect(layoutShift, 'what Lighthouse calls good').toBeLessThan(0.1)
})
