import { rmSync } from 'node:fs'
import type { Locator } from 'playwright-core'
import { afterEach, expect, test } from 'vitest'
import { findings } from './axe.ts'
import { type Visit, WebLab } from './web-lab.ts'

/** From the first page to the first finished backup. Typing is no click. */
const CLICKS_MAX = 8

let lab: WebLab
afterEach(() => lab[Symbol.asyncDispose]())

/** A server that nobody has used, and the address that it prints for the first login. */
async function start(): Promise<string> {
  // Without a password of the environment, the server makes one up.
  lab = new WebLab({ HOLDFAST_ADMIN_PASSWORD: '' })
  await lab.start()
  return (await lab.server?.says(/filled in: (\S+)\n/))?.[1] ?? ''
}

/** Looks at a step as somebody who comes back to it: it survives being loaded again, and the checker finds nothing. */
async function lookAt(visit: Visit, heading: string | RegExp): Promise<void> {
  const shown = visit.page.getByRole('heading', { name: heading, level: 2 })
  await shown.waitFor()
  await visit.page.reload()
  await visit.settled()
  await shown.waitFor()
  expect(await findings(visit)).toEqual([])
  expect(await visit.overflow()).toBeLessThanOrEqual(0)
}

test('somebody who never opens a terminal comes from the first page to the first backup', async () => {
  const address = await start()
  const folder = lab.file('papers/letter.txt', 'Dear reader').replace(/\/letter\.txt$/, '')
  const visit = await lab.visit()
  const { page } = visit
  let clicks = 0
  const click = async (target: Locator): Promise<void> => {
    clicks += 1
    await target.click()
  }
  const press = (name: string): Promise<void> => click(page.getByRole('main').getByRole('button', { name, exact: true }))
  await page.goto(address)
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
  // What opens the door stays in no history.
  expect(page.url()).not.toContain('password')
  await press('Sign in')
  await lookAt(visit, 'Choose your own password')
  await page.keyboard.type('words of my own')
  await press('Use this password')
  await lookAt(visit, 'Where shall the backups be kept?')
  expect(await page.getByLabel('Folder').inputValue()).toBe(lab.place.path('data', 'repository'))
  await press('Create the repository')
  await lookAt(visit, 'Which machine first?')
  await press('Protect this machine')
  await lookAt(visit, 'What shall be protected?')
  const etc = page.getByRole('treeitem', { name: 'etc', exact: true })
  await click(etc.locator('[data-part=check]'))
  expect(await etc.getAttribute('aria-checked')).toBe('true')
  await page.getByText(/^[\d,]+ files, /).waitFor()
  // A folder that one knows is typed; the other one would take long.
  await etc.locator('[data-part=check]').click()
  await page.getByRole('textbox', { name: 'Or type a path' }).fill(folder)
  await page.keyboard.press('Enter')
  await lookAt(visit, 'What shall be protected?')
  await page.getByText(folder, { exact: true }).first().waitFor()
  const typed = page.getByRole('textbox', { name: 'Or type a path' })
  await typed.fill(`${folder}/`)
  await page.keyboard.press('Enter')
  await page.getByText('This is chosen already.').waitFor()
  await typed.fill('')
  // Longer than the server takes it.
  const refused = '**/api/v1/clients/*/selection-preview'
  const tooLong = 'Cannot take the request: paths/1 is too long'
  await page.route(refused, (route) => route.fulfill({ status: 422, json: { code: 'request.invalid', status: 422, detail: tooLong } }))
  await typed.fill('/somewhere')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').filter({ hasText: 'The files could not be counted' }).getByText(tooLong).waitFor()
  await page.unroute(refused)
  await page.getByRole('button', { name: '/somewhere' }).press('Enter')
  await press('Make the first backup')
  await page.getByRole('heading', { name: 'Your first backup is made' }).waitFor({ timeout: 60_000 })
  await lookAt(visit, 'Your first backup is made')
  await page.getByText(/Every day at 03:00 \(Europe\/Berlin\)\. The next backup begins on /).waitFor()
  await page.getByRole('button', { name: 'Download the recovery kit' }).click()
  const dialog = page.getByRole('dialog')
  const confirm = dialog.getByRole('button', { name: 'Download', exact: true })
  expect(await confirm.isDisabled()).toBe(true)
  await dialog.getByLabel('I will keep it safe').check()
  // What a session that has ended, or something between, answers is told, and saved as no kit.
  const kitPath = '**/api/v1/repositories/*/recovery-kit'
  const saved: string[] = []
  page.on('download', (download) => saved.push(download.suggestedFilename()))
  const detail = 'Cannot do that: it is for administrators'
  await page.route(kitPath, (route) => route.fulfill({ status: 403, json: { code: 'auth.forbidden', status: 403, detail } }))
  await confirm.click()
  await dialog.getByText(detail).waitFor()
  await page.unroute(kitPath)
  await page.route(kitPath, (route) => route.fulfill({ status: 200, contentType: 'text/html', body: 'Who are you?' }))
  await confirm.click()
  await dialog.getByText('the answer is none').waitFor()
  await page.unroute(kitPath)
  expect(saved).toEqual([])
  const [kit] = await Promise.all([page.waitForEvent('download'), confirm.click()])
  expect(kit.suggestedFilename()).toBe('holdfast-recovery-kit.md')
  expect(clicks).toBeLessThanOrEqual(CLICKS_MAX)
  expect(visit.complaints).toEqual([])
  const admin = await lab.person('admin').catch(() => undefined)
  expect(admin, 'the generated password is none any more').toBeUndefined()
})

test('another machine is brought in by one command, from a phone, in Japanese, by keyboard', async () => {
  const address = await start()
  const folder = lab.file('papers/letter.txt', 'Dear reader').replace(/\/letter\.txt$/, '')
  const visit = await lab.visit({ locale: 'ja-JP', viewport: { width: 360, height: 740 }, colorScheme: 'dark' })
  const { page } = visit
  await page.goto(address)
  await page.getByRole('button', { name: 'サインイン' }).press('Enter')
  await lookAt(visit, '自分のパスワードを決める')
  await page.keyboard.type('password1234')
  await page.keyboard.press('Enter')
  await page.getByText(/^この値は使用できません。サーバーの応答: Cannot take the password: /).waitFor()
  await page.keyboard.press('Control+A')
  await page.keyboard.type('words of my own')
  await page.keyboard.press('Enter')
  await lookAt(visit, 'バックアップの保存先')
  await page.getByLabel('フォルダー').press('Enter')
  await lookAt(visit, '最初に保護するマシン')
  await page.getByLabel('マシンの名前').fill('書斎')
  await page.keyboard.press('Enter')
  const command = page.locator('pre')
  await command.waitFor()
  await lookAt(visit, '最初に保護するマシン')
  expect(await command.count()).toBe(0)
  await page.getByRole('button', { name: 'コマンドを表示' }).press('Enter')
  await command.waitFor()
  await page.getByRole('note').waitFor()
  const [, url = '', code = ''] = /holdfast agent enrol (\S+) (\S+)/.exec((await command.textContent()) ?? '') ?? []
  const env = { HOLDFAST_AGENT_STATE: lab.place.path('state of the study'), HOLDFAST_AGENT_PAGE_PORT: '0', PING_INTERVAL: '1' }
  expect((await lab.place.run(['agent', 'enrol', url, code], env)).code).toBe(0)
  // The page goes on by itself, and shows the tree once the agent runs.
  await page.waitForURL(/step=folders/)
  await page.getByText('現在、マシンが応答していません', { exact: false }).waitFor()
  expect(await findings(visit)).toEqual([])
  lab.place.start(['agent'], env)
  await page.getByRole('treeitem', { name: 'etc', exact: true }).waitFor({ timeout: 60_000 })
  const tree = page.getByRole('tree')
  await tree.focus()
  for (const key of ['Home', 'ArrowDown', 'Space']) await page.keyboard.press(key)
  expect(await page.getByText('1 件のパスを選択中').count()).toBe(1)
  await page.keyboard.press('Space')
  await page.getByRole('textbox', { name: 'パスを直接入力' }).fill(`${folder} `)
  await page.keyboard.press('Enter')
  // A slip of the finger is told before the backup begins.
  await page.getByRole('textbox', { name: 'パスを直接入力' }).fill(`${folder}s`)
  await page.keyboard.press('Enter')
  await page
    .getByRole('alert')
    .filter({ hasText: `${folder}s` })
    .waitFor()
  await page.getByRole('button', { name: `${folder}s をバックアップしない` }).click()
  await page.getByRole('alert').waitFor({ state: 'detached' })
  // Gone before the backup begins: what went wrong is told, and mended.
  rmSync(folder, { recursive: true })
  await page.getByRole('button', { name: '最初のバックアップを開始' }).press('Enter')
  await page.getByRole('button', { name: '再試行' }).waitFor({ timeout: 60_000 })
  expect(await findings(visit)).toEqual([])
  lab.file('papers/letter.txt', 'Dear reader')
  await page.getByRole('button', { name: '再試行' }).press('Enter')
  await page.getByRole('heading', { name: '最初のバックアップが完了しました' }).waitFor({ timeout: 60_000 })
  await lookAt(visit, '最初のバックアップが完了しました')
  expect(visit.complaints).toEqual([])
})

test('what the command that starts the server has backed up is not asked for again', async () => {
  await start()
  const folder = lab.file('papers/letter.txt', 'Dear reader').replace(/\/letter\.txt$/, '')
  const env = {
    HOLDFAST_DATA: lab.place.path('data of the other'),
    HOLDFAST_PORT: '0',
    HOLDFAST_WEB_FOLDER: process.env.HOLDFAST_WEB_FOLDER ?? '',
  }
  const other = lab.place.start(['start', folder], env)
  const [, address = ''] = await other.says(/filled in: (\S+)\n/)
  await other.says(/snapshot \w+ saved/)
  lab.url = new URL(address).origin
  const visit = await lab.visit()
  const { page } = visit
  await page.goto(address)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Choose your own password' }).waitFor()
  await page.keyboard.type('words of my own')
  await page.keyboard.press('Enter')
  await lookAt(visit, 'Your first backup is made')
  await page.getByText(/^1 file, /).waitFor()
  await page.getByRole('button', { name: 'Add another client' }).click()
  await lookAt(visit, 'Which machine first?')
  expect(visit.complaints).toEqual([])
})
