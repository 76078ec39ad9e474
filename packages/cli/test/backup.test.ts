import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { holdfast, messages, type Outcome, playground, type RunOptions, restic, shapeOf } from './programs.ts'

const place = playground()
const { env } = place

interface Listed {
  readonly path?: string
  readonly message_type: string
}

const backup = (args: readonly string[], options: RunOptions = {}): Promise<Outcome> =>
  holdfast(['backup', ...args], { env, folder: place.folder, ...options })

/** What the newest snapshot holds, below the folder with the data. */
async function content(): Promise<string[]> {
  const { output } = await restic(['ls', 'latest', '--json'], { env })
  return (messages(output) as unknown as Listed[]).flatMap(({ path }) => (path === undefined ? [] : [path.replace(place.folder, '')]))
}

async function latest(): Promise<Record<string, unknown>> {
  const all = JSON.parse((await restic(['snapshots', '--json'], { env })).output) as Record<string, unknown>[]
  return all.at(-1) ?? {}
}

beforeAll(async () => {
  for (const folder of ['data/keep', 'data/caches', 'data/marked', 'data/.git']) mkdirSync(place.path(folder), { recursive: true })
  const files = {
    'keep/a.txt': 'a',
    'keep/B.TMP': 'b',
    'keep/c.tmp': 'c',
    'keep/large': 'x'.repeat(5000),
    'caches/c': 'c',
    'marked/.nobackup': '',
    'marked/m': 'm',
    '.git/HEAD': 'h',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(place.path('data', name), text)
  writeFileSync(place.path('data', 'caches', 'CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n')
  symlinkSync('a.txt', place.path('data', 'keep', 'link'))
  expect((await holdfast(['init'], { env })).code).toBe(0)
})
afterAll(() => place.remove())

describe('backup', () => {
  test('leaves out what is to be left out', async () => {
    writeFileSync(place.path('excludes'), `# comment\n$FOLDER/.git\n\n`)
    const args = ['data', '--exclude', '*.tmp', '--iexclude', 'b.tmp', '--exclude-file', place.path('excludes'), '--exclude-caches']
    const outcome = await backup([...args, '--exclude-if-present', '.nobackup', '--exclude-larger-than', '4k'], {
      env: { ...env, FOLDER: place.path('data') },
    })
    expect(outcome.code).toBe(0)
    const expected = [
      '/data',
      '/data/caches',
      '/data/caches/CACHEDIR.TAG',
      '/data/keep',
      '/data/keep/a.txt',
      '/data/keep/link',
      '/data/marked',
      '/data/marked/.nobackup',
    ]
    expect(await content()).toEqual(expected)
  })

  test('takes paths from lists', async () => {
    writeFileSync(place.path('patterns'), `# a list\n${place.path('data')}/keep/*.t*\n`)
    writeFileSync(place.path('verbatim'), 'data/keep/B.TMP\n')
    writeFileSync(place.path('raw'), 'data/keep/large\0')
    const lists = [
      '--files-from',
      place.path('patterns'),
      '--files-from-verbatim',
      place.path('verbatim'),
      '--files-from-raw',
      place.path('raw'),
    ]
    expect((await backup([...lists, place.path('data/keep/link')])).code).toBe(0)
    expect((await latest()).paths).toEqual(['B.TMP', 'a.txt', 'c.tmp', 'large', 'link'].map((name) => place.path('data/keep', name)))
    expect((await backup(['--files-from-verbatim', '-'], { input: 'data/keep/a.txt\n' })).code).toBe(0)
    expect((await backup(['--files-from-raw', '-'], { input: 'data/keep/a.txt' })).code).toBe(1)
  })

  test('says of the snapshot what it is told', async () => {
    const args = ['data', '--host', 'box', '--tag', 'one,two', '--tag', 'three', '--time', '2020-02-03 04:05:06', '--exclude', '*.x']
    expect((await backup(args, { env: { ...env, TZ: 'UTC' } })).code).toBe(0)
    const all = JSON.parse((await restic(['snapshots', '--json'], { env })).output) as Record<string, unknown>[]
    expect(all[0]).toMatchObject({
      hostname: 'box',
      tags: ['one', 'two', 'three'],
      time: '2020-02-03T04:05:06Z',
      excludes: ['*.x'],
      program_version: expect.stringMatching(/^holdfast /),
    })
  })

  test('finds its parent, and goes on from restic’s snapshots', async () => {
    await restic(['backup', place.path('data')], { env })
    const id = String((await latest()).short_id)
    const again = await backup([place.path('data'), '--json'])
    expect(messages(again.output).at(-1)).toMatchObject({
      message_type: 'summary',
      // Folders above the data change at any time, so that there may be a tree for them.
      files_new: 0,
      files_changed: 0,
      data_blobs: 0,
    })
    expect((await latest()).parent).toMatch(new RegExp(`^${id}`))
    expect((await backup(['data', '--force'])).output).toContain('no parent snapshot found')
    expect((await backup(['data', '--parent', id])).output).toContain(`using parent snapshot ${id}`)
    expect((await backup(['data', '--host', 'elsewhere'])).output).toContain('no parent snapshot found')
    expect((await backup(['data', '--parent', 'ffffffff'])).code).toBe(1)
  })

  test('makes no snapshot when nothing changed, if asked, and none in a dry run', async () => {
    await backup(['data'])
    const before = await latest()
    expect((await backup(['data', '--skip-if-unchanged'])).output).toContain('skipped creating snapshot')
    writeFileSync(place.path('data', 'keep', 'more'), 'more')
    const dry = await backup(['data', '--dry-run'])
    expect(dry.output).toContain('Would add to the repository')
    expect(dry.output).not.toContain('saved')
    expect(await latest()).toEqual(before)
    expect((await restic(['check', '--read-data'], { env })).code).toBe(0)
  })

  test('goes on without what is missing, and says so', async () => {
    const outcome = await backup(['data', 'missing'])
    expect(outcome.code).toBe(3)
    expect(outcome.errors).toContain('missing does not exist, skipping')
    expect((await latest()).paths).toEqual([place.path('data')])
    expect((await backup(['missing'])).code).toBe(1)
  })

  test('goes on without what cannot be read, and says so', async () => {
    // Whoever reads it from the start, root too, gets an error of the system.
    const unreadable = '/proc/self/mem'
    const [text, json] = [await backup(['data', unreadable]), await backup(['data', unreadable, '--json'])]
    expect([text.code, json.code]).toEqual([3, 3])
    expect(text.errors).toContain(`error: ${unreadable}: i/o error\n`)
    expect(text.errors).toContain('Warning: at least one source file could not be read')
    const errors = messages(json.errors)
    expect(errors[0]).toMatchObject({ message_type: 'error', error: { message: expect.any(String) }, during: 'archival', item: unreadable })
    expect(errors.at(-1)).toMatchObject({ message_type: 'exit_error', code: 3 })
    expect(await content()).toContain('/data/keep/a.txt')
    const theirs = messages((await restic(['backup', 'data', unreadable, '--json'], { env, folder: place.folder })).errors)
    expect(errors.map(shapeOf)).toEqual(theirs.map(shapeOf))
  })

  test('shows progress in JSON when somebody waits for it', async () => {
    const { output } = await backup(['data', '--force', '--json'], { env: { ...env, RESTIC_PROGRESS_FPS: '60' } })
    expect(messages(output).filter(({ message_type: type }) => type === 'status').length).toBeGreaterThan(0)
    const quiet = await backup(['data', '--json', '--quiet'])
    expect(messages(quiet.output).map(({ message_type: type }) => type)).toEqual(['summary'])
  })
})

describe('a talkative backup', () => {
  test('tells what becomes of each file and folder, as restic does', async () => {
    const inMind = playground()
    const options = ['backup', place.path('data'), '--json', '--verbose', '--exclude', 'B.TMP']
    const told = async (program: typeof holdfast): Promise<{ items: string[]; scans: string[] }> => {
      const { output } = await program(options, { env: { ...env, RESTIC_REPOSITORY: inMind.path(program.name) } })
      const lines = messages(output)
        .filter(({ message_type: type }) => type === 'verbose_status')
        .filter(({ item, action }) => action === 'scan_finished' || String(item).startsWith(place.path('data')))
        .map(({ duration, data_size, data_size_in_repo, metadata_size_in_repo, ...rest }) =>
          JSON.stringify({ ...rest, types: [duration, data_size, data_size_in_repo].map((one) => typeof one) }),
        )
        .toSorted()
      const { true: scans = [], false: items = [] } = Object.groupBy(lines, (line) => String(line.includes('"scan_finished"')))
      return { items, scans }
    }
    const expectSame = async (): Promise<void> => {
      const [ours, theirs] = [await told(holdfast), await told(restic)]
      expect(ours.items).toEqual(theirs.items)
      // Both say so only when the scan is over before the backup is.
      if (ours.scans.length > 0 && theirs.scans.length > 0) expect(ours.scans).toEqual(theirs.scans)
    }
    for (const program of [holdfast, restic]) await program(['init'], { env: { ...env, RESTIC_REPOSITORY: inMind.path(program.name) } })
    await expectSame()
    writeFileSync(place.path('data', 'keep', 'a.txt'), 'changed')
    await expectSame()
    writeFileSync(place.path('data', 'keep', 'a.txt'), 'a')
    const text = await backup(['data', '-vv', '--exclude', 'B.TMP'])
    expect(text.output).toContain('excluded  data/keep/B.TMP')
    inMind.remove()
  })
})

describe('backup of a stream', () => {
  const dump = async (path: string): Promise<string> => (await restic(['dump', 'latest', path], { env })).output

  test('stores standard input', async () => {
    expect((await backup(['--stdin', '--stdin-filename', 'dumps/shop.sql'], { input: 'select 1;' })).code).toBe(0)
    expect(await dump('/dumps/shop.sql')).toBe('select 1;')
  })

  test('stores what a command prints', async () => {
    expect(
      (await backup(['--stdin-from-command', '--stdin-filename', 'x', '--', 'sh', '-c', 'echo "$0" "$1"', 'two words', '*'])).code,
    ).toBe(0)
    expect(await dump('/x')).toBe('two words *\n')
  })

  test('fails when the command fails, and makes no snapshot', async () => {
    const before = await latest()
    const failed = await backup(['--stdin-from-command', '--', 'sh', '-c', 'echo part; echo why >&2; exit 7'])
    expect(failed.code).toBe(1)
    expect(failed.errors).toContain('why')
    expect(failed.errors).toContain('ended with code 7')
    expect(await backup(['--stdin-from-command', '--', 'no-such-program'])).toMatchObject({
      code: 1,
      errors: 'Fatal: Cannot run no-such-program: there is no such program\n',
    })
    expect(await latest()).toEqual(before)
  })

  test.each([
    ['a path beside it', ['--stdin', 'data']],
    ['a list beside it', ['--stdin', '--files-from', 'x']],
    ['no command', ['--stdin-from-command']],
  ])('is refused with %s', async (_what, args) => {
    expect((await backup(args)).code).toBe(1)
  })
})

describe('restore and dump', () => {
  test('give back what was stored', async () => {
    await backup([place.path('data')])
    const target = place.path('restored')
    expect((await holdfast(['restore', `latest:${place.path('data')}`, '-t', target, '--include', 'keep', '--verify'], { env })).code).toBe(
      0,
    )
    expect(readFileSync(`${target}/keep/a.txt`, 'utf8')).toBe('a')
    rmSync(target, { recursive: true })
    const dumped = await holdfast(['dump', 'latest', place.path('data/keep/a.txt')], { env })
    expect([dumped.output, dumped.errors, dumped.code]).toEqual(['a', '', 0])
    expect((await holdfast(['dump', 'latest', '/nothing'], { env })).code).toBe(1)
    const archive = await holdfast(['dump', '-t', place.path('keep.tar'), 'latest', place.path('data/keep')], { env })
    expect(archive).toMatchObject({ code: 0, output: '', errors: '' })
    expect(readFileSync(place.path('keep.tar')).subarray(257, 262).toString()).toBe('ustar')
  })

  test('are refused where they make no sense', async () => {
    for (const args of [['restore'], ['restore', 'latest'], ['restore', 'latest', '-t', 'x', '-e', 'a', '-i', 'b'], ['dump', 'latest']]) {
      expect((await holdfast(args, { env })).code).toBe(1)
    }
  })
})
