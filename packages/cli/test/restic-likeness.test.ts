import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { holdfast, messages, type Outcome, playground, restic, shapeOf } from './programs.ts'

interface Named {
  readonly id: string
  readonly tree: string
}

/** Groups by their keys; anything else as it is. */
function inOrder(document: unknown): unknown {
  const keyOf = (group: { readonly group_key?: unknown }): string => JSON.stringify(group.group_key ?? '')
  return Array.isArray(document) ? document.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : Number(keyOf(a) !== keyOf(b)))) : document
}

const place = playground()
const { env } = place
/** One after the other: some take exclusive locks. */
async function both(args: readonly string[], extra: Readonly<Record<string, string>> = {}): Promise<[Outcome, Outcome]> {
  const options = { env: { ...env, ...extra }, folder: place.folder }
  return [await holdfast(args, options), await restic(args, options)]
}

beforeAll(async () => {
  mkdirSync(place.path('data', 'sub'), { recursive: true })
  for (const name of ['a.txt', 'b.bin', 'sub/c.txt']) writeFileSync(place.path('data', name), name.repeat(100))
  symlinkSync('a.txt', place.path('data', 'link'))
  expect((await holdfast(['init'], { env })).code).toBe(0)
  expect((await holdfast(['backup', place.path('data'), '--tag', 'one,two', '--exclude', '*.none'], { env })).code).toBe(0)
  writeFileSync(place.path('data', 'new.txt'), 'new')
  writeFileSync(place.path('data', 'a.txt'), 'changed')
  expect((await restic(['backup', place.path('data')], { env })).code).toBe(0)
})
afterAll(() => place.remove())

describe('exit codes are those of restic', () => {
  test.each([
    { what: 'a wrong password', args: ['snapshots'], extra: { RESTIC_PASSWORD: 'falsch' }, code: 12 },
    { what: 'no repository', args: ['snapshots'], extra: { RESTIC_REPOSITORY: '/nowhere/at/all' }, code: 10 },
    { what: 'no repository, asked for its config', args: ['cat', 'config'], extra: { RESTIC_REPOSITORY: '/nowhere/at/all' }, code: 10 },
    { what: 'an unknown flag', args: ['snapshots', '--no-such-flag'], extra: {}, code: 1 },
    { what: 'an unknown command', args: ['no-such-command'], extra: {}, code: 1 },
    { what: 'no location', args: ['snapshots'], extra: { RESTIC_REPOSITORY: '' }, code: 1 },
    { what: 'an unknown snapshot', args: ['ls', 'ffffffff'], extra: {}, code: 1 },
    { what: 'a snapshot of nobody', args: ['ls', 'latest', '--host', 'nobody'], extra: {}, code: 1 },
    { what: 'nothing to back up', args: ['backup'], extra: {}, code: 1 },
    { what: 'nothing that exists', args: ['backup', '/nowhere/at/all'], extra: {}, code: 1 },
    { what: 'a path that the snapshot does not have', args: ['find', 'no-such-file'], extra: {}, code: 0 },
    { what: 'no policy', args: ['forget'], extra: {}, code: 1 },
    { what: 'nothing to tag', args: ['tag'], extra: {}, code: 1 },
    { what: 'one snapshot to compare', args: ['diff', 'latest'], extra: {}, code: 1 },
    { what: 'a repository that exists', args: ['init'], extra: {}, code: 1 },
    { what: 'an object of no kind', args: ['cat', 'nothing'], extra: {}, code: 1 },
    { what: 'a list of no kind', args: ['list', 'nothing'], extra: {}, code: 1 },
    { what: 'quiet and verbose', args: ['snapshots', '-q', '-v'], extra: {}, code: 1 },
    { what: 'a source that is not named', args: ['copy'], extra: {}, code: 1 },
    { what: 'help', args: ['--help'], extra: {}, code: 0 },
    { what: 'help for a command', args: ['backup', '--help'], extra: {}, code: 0 },
    { what: 'no command', args: [], extra: {}, code: 0 },
  ] as const)('$what', async ({ args, extra, code }) => {
    const [ours, theirs] = await both(args, extra)
    expect([ours.code, theirs.code]).toEqual([code, code])
    expect(ours.errors).not.toMatch(/\n\s+at /)
  })

  test('with --json, failures are messages on the error channel', async () => {
    for (const extra of [{ RESTIC_PASSWORD: 'falsch' }, { RESTIC_REPOSITORY: '/nowhere/at/all' }]) {
      const [ours, theirs] = await both(['snapshots', '--json'], extra)
      const [message] = messages(ours.errors)
      expect(shapeOf(message)).toEqual(shapeOf(messages(theirs.errors)[0]))
      expect(message).toMatchObject({ message_type: 'exit_error', code: ours.code })
      expect(ours.output).toBe('')
    }
  })
})

describe('JSON is that of restic', () => {
  test.each([
    ['snapshots', ['snapshots']],
    ['snapshots by group', ['snapshots', '--group-by', 'host,tags']],
    ['the latest snapshots', ['snapshots', '--latest', '1']],
    ['cat config', ['cat', 'config']],
    ['key list', ['key', 'list']],
    ['stats', ['stats']],
    ['stats of raw data', ['stats', '--mode', 'raw-data']],
    ['stats of contents', ['stats', '--mode', 'files-by-contents']],
    ['stats of blobs', ['stats', '--mode', 'blobs-per-file']],
    ['find', ['find', '*.txt']],
    ['find nothing', ['find', 'nothing']],
    ['forget', ['forget', '--keep-last', '1', '--group-by', '', '--dry-run']],
    ['forget all but one', ['forget', '--keep-daily', '1', '--dry-run']],
  ] as const)('%s, word for word', async (_what, args) => {
    const [ours, theirs] = await both([...args, '--json'])
    expect(ours.errors).toBe('')
    // restic gives groups in no particular order.
    const sorted = ({ output }: Outcome): unknown => inOrder(JSON.parse(output))
    expect(sorted(ours)).toEqual(sorted(theirs))
  })

  test.each([
    ['ls', ['ls', 'latest']],
    ['ls of a folder', ['ls', 'latest', '/nothing/there']],
    ['check', ['check']],
    ['check with data', ['check', '--read-data']],
  ] as const)('%s, message by message', async (_what, args) => {
    const [ours, theirs] = await both([...args, '--json'])
    expect(ours.errors).toBe('')
    expect(messages(ours.output)).toEqual(messages(theirs.output))
  })

  test('what is asked for by ID: diff, cat snapshot, cat tree, find of objects', async () => {
    const [first, second] = JSON.parse((await restic(['snapshots', '--json'], { env })).output) as { id: string; tree: string }[] as [
      Named,
      Named,
    ]
    for (const args of [
      ['diff', '--json', first.id, second.id],
      ['diff', '--json', '--metadata', first.id, second.id],
      ['find', '--json', '--tree', second.tree],
    ]) {
      const [ours, theirs] = await both(args)
      expect(messages(ours.output)).toEqual(messages(theirs.output))
    }
    for (const args of [
      ['diff', first.id, second.id],
      ['cat', 'snapshot', first.id],
      ['cat', 'tree', second.id],
    ]) {
      const [ours, theirs] = await both(args)
      expect([ours.output.trim(), ours.code]).toEqual([theirs.output.trim(), 0])
    }
  })

  test('ncdu', async () => {
    const [ours, theirs] = await both(['ls', 'latest', '--ncdu'])
    expect(JSON.parse(ours.output)).toEqual(JSON.parse(theirs.output))
  })

  test('backup: status and summary', async () => {
    const options = ['backup', '--json', '--dry-run', place.path('data')]
    const [ours, theirs] = [await holdfast(options, { env }), await restic(options, { env })]
    const summaries = [ours, theirs].map(({ output }) => messages(output).find(({ message_type: type }) => type === 'summary'))
    // restic names a snapshot here that it does not make.
    expect({ ...(shapeOf(summaries[0]) as object), snapshot_id: 'string' }).toEqual(shapeOf(summaries[1]))
    const known = [
      'message_type',
      'seconds_elapsed',
      'seconds_remaining',
      'percent_done',
      'total_files',
      'files_done',
      'total_bytes',
      'bytes_done',
      'error_count',
      'current_files',
    ]
    for (const status of messages(ours.output).filter(({ message_type: type }) => type === 'status')) {
      expect(Object.keys(status).filter((name) => !known.includes(name))).toEqual([])
    }
  })

  test('restore: summary', async () => {
    const restore = (target: string): string[] => ['restore', 'latest', '--json', '--target', place.path(target)]
    const [ours, theirs] = [await holdfast(restore('ours'), { env }), await restic(restore('theirs'), { env })]
    const [mine, other] = [ours, theirs].map(({ output }) => messages(output).find(({ message_type: type }) => type === 'summary'))
    expect({ ...mine, seconds_elapsed: 0 }).toEqual({ ...other, seconds_elapsed: 0 })
  })

  test('init, tag and forget --prune', async () => {
    const [one, other] = [playground(), playground()]
    try {
      for (const args of [['init'], ['backup', place.path('data')], ['tag', '--add', 'x'], ['forget', '--keep-last', '1', '--prune']]) {
        const ours = await holdfast([...args, '--json'], { env: one.env })
        const theirs = await restic([...args, '--json'], { env: other.env })
        expect([ours.code, theirs.code]).toEqual([0, 0])
        if (args[0] === 'backup') continue
        // restic 0.18 says some things for people all the same.
        const theirMessages = messages(theirs.output.replaceAll(/^[^{[].*$/gm, '')).map(shapeOf)
        expect(messages(ours.output).slice(0, theirMessages.length).map(shapeOf)).toEqual(theirMessages)
      }
    } finally {
      for (const each of [one, other]) each.remove()
    }
  })
})

describe('text is that of restic', () => {
  test.each([
    ['ls', ['ls', 'latest', '-q']],
    ['ls with details', ['ls', '-l', 'latest', '-q']],
    ['ls by size', ['ls', '-l', '--sort', 'size', '--reverse', 'latest', '-q']],
    ['find with details', ['find', '-l', '*.txt']],
    ['list snapshots', ['list', 'snapshots']],
    ['list keys', ['list', 'keys']],
    ['stats', ['stats', '--mode', 'raw-data']],
    ['cat masterkey', ['cat', 'masterkey']],
  ] as const)('%s', async (_what, args) => {
    const [ours, theirs] = await both(args)
    const lines = (text: string): string[] =>
      text
        .split('\n')
        .map((line) => line.trimEnd())
        .toSorted()
    expect(ours.errors).toBe('')
    expect(lines(ours.output)).toEqual(lines(theirs.output))
  })
})
