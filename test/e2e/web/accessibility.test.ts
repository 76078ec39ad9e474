import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { findings } from './axe.ts'
import { furnishedLabOfFile } from './furnished-lab.ts'
import { allPages } from './pages.ts'
import type { Visit } from './web-lab.ts'

/** A picture of every page is left there. */
const SCREENSHOTS = fileURLToPath(new URL('../../../.cache/screenshots', import.meta.url))

const { lab, subjects } = furnishedLabOfFile()

const looks = [
  { name: 'light, on a desk, in English', folder: 'light', width: 1280, height: 860, colorScheme: 'light', locale: 'en-GB' },
  { name: 'dark, on a desk, in English', folder: 'dark', width: 1280, height: 860, colorScheme: 'dark', locale: 'en-GB' },
  { name: 'dark, on a phone, in Japanese', folder: 'phone', width: 360, height: 740, colorScheme: 'dark', locale: 'ja-JP' },
] as const

describe.each(looks)('every page, $name', ({ folder, width, height, colorScheme, locale }) => {
  let visit: Visit
  beforeAll(async () => {
    visit = await lab.visit({ as: 'admin', viewport: { width, height }, colorScheme, locale })
  })

  test.each(allPages({}).map(({ name }) => name))('%s', async (name) => {
    const wanted = allPages(subjects).find((page) => page.name === name)
    if (wanted === undefined) throw new Error(`there is no page ${name}`)
    const inside = wanted.isPublic === true ? await lab.visit({ viewport: { width, height }, colorScheme, locale }) : visit
    const page = await inside.open(wanted.path)
    expect(await page.title()).toMatch(/.+ · Holdfast/)
    expect(await page.locator('h1').textContent()).not.toMatch(/no such page|could not be shown|見つかりません|表示できませんでした/)
    expect(await page.evaluate('document.documentElement.lang')).toBe(locale.slice(0, 2))
    expect(await page.locator('h1').count(), 'headings of the first order').toBe(1)
    expect(await inside.overflow(), 'pixels that the page is too wide').toBeLessThanOrEqual(0)
    await page.screenshot({ path: join(SCREENSHOTS, folder, `${name}.png`) })
    expect(await findings(inside)).toEqual([])
    expect(inside.complaints).toEqual([])
  })
})
