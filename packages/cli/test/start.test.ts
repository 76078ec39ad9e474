import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { holdfast, type Outcome, playground, restic } from './programs.ts'

const place = playground()
const data = place.path('holdfast-data')
const start = (args: readonly string[]): Promise<Outcome> =>
  holdfast(['start', ...args], {
    env: { HOLDFAST_DATA: data, RESTIC_PASSWORD: 'none of these', RESTIC_REPOSITORY: '/nor/this' },
    folder: place.folder,
  })

afterAll(() => place.remove())

describe('start', () => {
  test('without a folder says what it can do', async () => {
    const outcome = await start([])
    expect(outcome).toMatchObject({ code: 0, errors: '' })
    expect(outcome.output).toContain('FOLDER')
  })

  test('backs a folder up, says where the password is, and checks', async () => {
    mkdirSync(place.path('documents'))
    writeFileSync(place.path('documents', 'letter.txt'), 'Dear reader')
    const outcome = await start(['documents'])
    expect(outcome.code).toBe(0)
    expect(outcome.output).toMatch(/snapshot [0-9a-f]{8} saved/)
    expect(outcome.output).toContain(`${data}/repository-password`)
    expect(outcome.output).toContain('loses the backups')
    expect(outcome.output).toContain('no errors were found')
    expect(statSync(`${data}/repository-password`).mode & 0o777).toBe(0o600)
    const password = readFileSync(`${data}/repository-password`, 'utf8')
    expect(password.trim().length).toBeGreaterThanOrEqual(32)
    expect(outcome.output + outcome.errors).not.toContain(password.trim())
  })

  test('again stores what has changed', async () => {
    writeFileSync(place.path('documents', 'second.txt'), 'Yours')
    const outcome = await start(['documents'])
    expect(outcome.code).toBe(0)
    expect(outcome.output).toMatch(/Files: +1 new, +0 changed, +1 unmodified/)
    const env = {
      RESTIC_REPOSITORY: `${data}/repository`,
      RESTIC_PASSWORD_FILE: `${data}/repository-password`,
      RESTIC_CACHE_DIR: place.path('cache'),
    }
    expect((await restic(['check', '--read-data'], { env })).code).toBe(0)
    expect(JSON.parse((await restic(['snapshots', '--json'], { env })).output)).toHaveLength(2)
  })

  test('fails when there is nothing', async () => {
    expect((await start(['nowhere'])).code).toBe(1)
  })
})
