import type { Locator } from 'playwright-core'
import { expect, test } from 'vitest'
import { findings } from './axe.ts'
import { furnishedLabOfFile } from './furnished-lab.ts'

const { lab, subjects } = furnishedLabOfFile()
const TELEPHONE = { width: 360, height: 740 }

interface Place {
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
}

/** Where the lines of an element's text stand, and of anything in it. */
function placesOf(what: Locator): Promise<readonly Place[]> {
  return what.evaluate((element) => {
    const range = element.ownerDocument.createRange()
    range.selectNodeContents(element)
    return [...range.getClientRects()].map(({ top, bottom, left, right }) => ({ top, bottom, left, right }))
  })
}

test.each([
  { locale: 'ja-JP', results: '見つかったファイル', versions: /バージョン$/ },
  { locale: 'en-GB', results: 'Files found', versions: /versions?$/ },
])('what was found is told in whole lines on a telephone ($locale)', async ({ locale, results, versions }) => {
  const visit = await lab.visit({ as: 'admin', locale, viewport: TELEPHONE })
  const page = await visit.open('/search?query=report.txt')
  const row = page.getByRole('list', { name: results }).getByRole('listitem').filter({ hasText: 'report.txt' })
  const facts = await Promise.all([row.getByTitle(/^\d+ B$/), row.getByText(versions), row.getByRole('time')].map(placesOf))
  const lines = new Set(facts.flat().map(({ bottom }) => Math.round(bottom)))
  expect([...lines], 'lines of size, versions and time').toHaveLength(1)
  const [name] = await placesOf(row.getByRole('link', { name: 'report.txt', exact: true }))
  const [folder] = await placesOf(row.getByText(lab.place.path('home/ann/documents')))
  const frame = await page.getByRole('region', { name: results }).boundingBox()
  const buttons = await Promise.all((await row.getByRole('link').all()).slice(1).map((button) => button.boundingBox()))
  expect(buttons).toHaveLength(2)
  for (const button of buttons) {
    expect(button?.y, 'beside the name').toBeLessThan(name?.top ?? 0)
    expect((button?.y ?? 0) + (button?.height ?? 0), 'above the folder').toBeLessThanOrEqual((folder?.top ?? 0) + 4)
    expect((button?.x ?? 0) + (button?.width ?? 0)).toBeLessThanOrEqual((frame?.x ?? 0) + (frame?.width ?? 0))
  }
  expect(await visit.overflow()).toBeLessThanOrEqual(0)
  expect(visit.complaints).toEqual([])
})

/** More than a server says, in words and without a space. */
const LONG = `${'The storage of the repository could not be asked for what it holds. '.repeat(30)}${'w'.repeat(900)} The end.`
const NOTICES_MAX = 4

test.each(['light', 'dark'] as const)(
  'many notices with long texts fit a telephone, are read to their ends, and close (%s)',
  async (colorScheme) => {
    const visit = await lab.visit({ as: 'admin', colorScheme, viewport: TELEPHONE })
    const page = await visit.open(`/snapshots/${subjects.snapshotId}`)
    const code = 'repository.unreachable'
    await page.route(/\/api\/v1\/snapshots\/\d+$/, (route) =>
      route.request().method() === 'PATCH' ? route.fulfill({ status: 409, json: { code, status: 409, detail: LONG } }) : route.continue(),
    )
    const notices = page.getByRole('alert').filter({ hasText: 'The storage of the repository' })
    for (let count = 1; count <= NOTICES_MAX + 1; count++) {
      await page.getByRole('button', { name: /^Actions for/ }).click()
      await page.getByRole('menuitem', { name: 'Pin' }).click()
      await expect.poll(() => notices.count()).toBe(Math.min(count, NOTICES_MAX))
    }
    /** Soon: what is looked at moves into view. */
    const isWithin = async (what: Locator): Promise<void> => {
      const edges = async (): Promise<{ readonly start: number; readonly right: number; readonly bottom: number }> => {
        const { x, y, width, height } = (await what.boundingBox()) ?? { x: -1, y: -1, width: 0, height: 0 }
        return { start: Math.min(x, y, 0), right: Math.max(x + width, TELEPHONE.width), bottom: Math.max(y + height, TELEPHONE.height) }
      }
      await expect.poll(edges).toEqual({ start: 0, right: TELEPHONE.width, bottom: TELEPHONE.height })
    }
    // The newest is in view by itself; the others are scrolled to.
    await isWithin(notices.last())
    expect(await visit.overflow()).toBeLessThanOrEqual(0)
    for (let left = NOTICES_MAX; left > 0; left--) {
      const notice = notices.first()
      const dismiss = notice.getByRole('button', { name: 'Dismiss' })
      await dismiss.focus()
      await isWithin(notice)
      await isWithin(dismiss)
      const end = async (): Promise<boolean> => {
        // Again where the page was not ready to scroll: nobody presses a key once.
        await page.keyboard.press('End')
        return notice.evaluate((element) => element.scrollTop > 0 && element.scrollTop + element.clientHeight >= element.scrollHeight - 2)
      }
      await expect.poll(end, { message: 'read to its end by the keyboard' }).toBe(true)
      await isWithin(dismiss)
      expect(await findings(visit)).toEqual([])
      await page.keyboard.press('Enter')
      await expect.poll(() => notices.count()).toBe(left - 1)
    }
    expect(visit.complaints).toEqual([])
  },
)
