import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { holdfast, type Outcome, playground, restic } from './programs.ts'

const place = playground()
const data = place.path('holdfast-data')
const start = (args: readonly string[]): Promise<Outcome> =>
  holdfast(['start', '--once', ...args], {
    env: { HOLDFAST_DATA: data, RESTIC_PASSWORD: 'none of these', RESTIC_REPOSITORY: '/nor/this' },
    folder: place.folder,
  })

afterAll(() => place.remove())

describe('start --once', () => {
  test('wants a folder', async () => {
    expect(await start([])).toMatchObject({ code: 1, errors: expect.stringContaining('name the folders') as string })
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

describe('start', () => {
  const serve = (args: readonly string[], until: string): Promise<Outcome> =>
    holdfast(['start', ...args], {
      env: { HOLDFAST_DATA: data, HOLDFAST_PORT: '0', RESTIC_PASSWORD: 'none of these' },
      folder: place.folder,
      onStart: (kill, said) => {
        const looking = setInterval(() => {
          if (!said().includes(until)) return
          clearInterval(looking)
          kill('SIGINT')
        }, 50)
      },
    })

  test('serves, and backs a folder up into the repository that is there', async () => {
    const outcome = await serve(['documents'], 'Ctrl-C stops it')
    expect(outcome.output).toMatch(/Holdfast is at http:\/\/127\.0\.0\.1:\d+\nSign in as admin with the password \S{20}/)
    expect(outcome.output).toMatch(/snapshot [0-9a-f]{8} saved\nchecked: no errors were found in 3 snapshots/)
    expect(outcome.code).toBe(0)
    const env = {
      RESTIC_REPOSITORY: `${data}/repository`,
      RESTIC_PASSWORD_FILE: `${data}/repository-password`,
      RESTIC_CACHE_DIR: place.path('cache'),
    }
    expect((await restic(['check', '--read-data'], { env })).code).toBe(0)
    using database = new DatabaseSync(`${data}/holdfast.db`)
    const checks = database.prepare("select error, succeeded_at is not null as ended_well from repository_tasks where kind = 'check'").all()
    expect(checks).toEqual([{ error: null, ended_well: 1 }])
  })

  test('again knows its administrator, its machine and what it has', async () => {
    const outcome = await serve(['documents'], 'Ctrl-C stops it')
    expect(outcome.output).not.toContain('Sign in')
    expect(outcome.output).toContain('Files: 0 new, 0 changed, 2 unmodified')
    expect(outcome.output).toContain('no errors were found in 4 snapshots')
  })

  test('says what the check has found', async () => {
    const packs = readdirSync(`${data}/repository/data`, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const [pack] = packs.map(({ parentPath, name }) => `${parentPath}/${name}`)
    if (pack === undefined) throw new Error('the repository has no pack')
    renameSync(pack, place.path('pack'))
    const outcome = await serve(['documents'], 'Ctrl-C stops it')
    renameSync(place.path('pack'), pack)
    expect(outcome.errors).toMatch(/the check of the repository failed: The repository is damaged/)
    expect(outcome.output).not.toContain('no errors were found')
  })

  test('alone brings up the server', async () => {
    const outcome = await serve([], 'Holdfast is at')
    expect(outcome.output).toMatch(/Holdfast is at http/)
    expect(outcome.output).not.toContain('snapshot')
  })

  test('says what is in the way, and leaves nothing behind it', async () => {
    const outcome = await holdfast(['start'], { env: { HOLDFAST_DATA: data, HOLDFAST_PORT: 'eighty' }, folder: place.folder })
    expect(outcome).toMatchObject({ code: 1, errors: expect.stringMatching(/^Fatal: .*port/i) as string })
    expect((await serve(['nowhere'], 'never')).code).toBe(1)
  })
})
