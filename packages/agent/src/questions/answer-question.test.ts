import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { byteStringOf, systemClock } from '@holdfast/engine'
import { FOLDER_ENTRIES_MAX, type Question, type QuestionAnswer, questionAnswerSchema, selectionSchema } from '@holdfast/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AgentError } from '../errors.ts'
import { type MachinePolicy, UNRESTRICTED } from '../runner/machine-policy.ts'
import { answerQuestion } from './answer-question.ts'
import { listFolder } from './list-folder.ts'

let home: string
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-questions-')))
  for (const [path, sizeBytes] of Object.entries({ 'docs/a.txt': 3, 'docs/deep/b.bin': 500, 'private/key': 40, 'z.log': 9 })) {
    mkdirSync(join(home, path, '..'), { recursive: true })
    writeFileSync(join(home, path), Buffer.alloc(sizeBytes))
  }
})
afterEach(() => rmSync(home, { recursive: true }))

/** An answer that a server would take. */
async function ask(question: Question, policy: Partial<MachinePolicy> = {}): Promise<QuestionAnswer> {
  const context = { policy: async () => ({ ...UNRESTRICTED, ...policy }), clock: systemClock, signal: new AbortController().signal }
  return questionAnswerSchema.parse(await answerQuestion(question, context))
}
const folder = (path: string, policy?: Partial<MachinePolicy>): Promise<QuestionAnswer> =>
  ask({ kind: 'folder', path: byteStringOf(path) }, policy)
const namesIn = (answer: QuestionAnswer): readonly string[] =>
  answer.kind === 'folder' ? answer.entries.map(({ name }) => name) : [answer.kind]
const preview = (selection: object, policy?: Partial<MachinePolicy>): Promise<QuestionAnswer> =>
  ask({ kind: 'selection', selection: selectionSchema.parse(selection) }, policy)

describe('a folder', () => {
  test('is told of with kinds, sizes and times, folders first', async () => {
    symlinkSync('/etc', join(home, 'link'))
    const answer = await folder(home)
    expect(answer).toMatchObject({
      kind: 'folder',
      isTruncated: false,
      entries: [
        { name: 'docs', kind: 'dir', sizeBytes: null },
        { name: 'private', kind: 'dir', sizeBytes: null },
        { name: 'link', kind: 'symlink', sizeBytes: null },
        { name: 'z.log', kind: 'file', sizeBytes: 9 },
      ],
    })
    expect(answer.kind === 'folder' && Math.abs((answer.entries[3]?.modifiedAtMs ?? 0) - systemClock.now()) < 60_000).toBe(true)
  })

  test('keeps names that are no text as their bytes, and finds what is below them', async () => {
    const strange = Buffer.concat([Buffer.from(`${home}/docs/caf`), Buffer.from([0xe9, 0x0a, 0x25])])
    mkdirSync(strange)
    writeFileSync(Buffer.concat([strange, Buffer.from('/ü')]), 'x')
    expect(namesIn(await folder(join(home, 'docs')))).toEqual(['caf\xe9\n%', 'deep', 'a.txt'])
    const inside = await ask({ kind: 'folder', path: strange.toString('latin1') })
    expect(namesIn(inside)).toEqual([byteStringOf('ü')])
  })

  test('with very many entries is cut off', async () => {
    mkdirSync(join(home, 'many'))
    for (let index = 0; index <= FOLDER_ENTRIES_MAX; index++) writeFileSync(join(home, 'many', `f${index}`), '')
    const answer = await folder(join(home, 'many'))
    expect(answer).toMatchObject({ kind: 'folder', isTruncated: true })
    expect(namesIn(answer)).toHaveLength(FOLDER_ENTRIES_MAX)
  })

  test('is told of as far as it was read in time', async () => {
    const view = { shows: () => true }
    const path = byteStringOf(home)
    expect(await listFolder(path, { view, signal: AbortSignal.abort() })).toEqual({ kind: 'folder', entries: [], isTruncated: true })
    const over = new AbortController()
    let asked = 0
    const shows = (): boolean => {
      if (++asked === 2) over.abort()
      return true
    }
    const { entries, isTruncated } = await listFolder(path, { view: { shows }, signal: over.signal })
    expect([entries.map(({ sizeBytes }) => sizeBytes), isTruncated]).toEqual([[null], true])
  })

  test('that is none says so', async () => {
    expect(await folder(join(home, 'nothing'))).toMatchObject({ kind: 'failure', reason: 'missing' })
    expect(await folder(join(home, 'z.log'))).toMatchObject({ kind: 'failure', reason: 'missing' })
  })

  test('is not looked for behind a link, by any way of writing it', async () => {
    symlinkSync(join(home, 'private'), join(home, 'docs/link'))
    for (const path of ['docs/link', 'docs/link/', 'docs/./link', 'docs/deep/../link/.']) {
      expect([path, await folder(join(home, path))]).toMatchObject([path, { kind: 'failure', reason: 'forbidden' }])
    }
  })
})

describe('what the owner of the machine allows', () => {
  test('begins with the folders that may be backed up', async () => {
    expect(await ask({ kind: 'folder', path: null })).toEqual({ kind: 'roots', paths: ['/'] })
    const backupPaths = [join(home, 'docs'), '/srv/x/../y']
    expect(await ask({ kind: 'folder', path: null }, { backupPaths })).toEqual({ kind: 'roots', paths: [join(home, 'docs'), '/srv/y'] })
    expect(await ask({ kind: 'folder', path: null }, { backupPaths: [] })).toMatchObject({ kind: 'failure', reason: 'forbidden' })
  })

  test('shows above them the way to them alone', async () => {
    const policy = { backupPaths: [join(home, 'docs')] }
    expect(namesIn(await folder(home, policy))).toEqual(['docs'])
    expect(namesIn(await folder(join(home, 'docs'), policy))).toEqual(['deep', 'a.txt'])
    expect(await folder(join(home, 'private'), policy)).toMatchObject({ reason: 'forbidden' })
    expect(await folder('/etc', policy)).toMatchObject({ reason: 'forbidden' })
  })

  test('hides what is never backed up', async () => {
    const policy = { neverBackupPaths: [join(home, 'private')] }
    expect(namesIn(await folder(home, policy))).toEqual(['docs', 'z.log'])
    expect(await folder(join(home, 'private'), policy)).toMatchObject({ reason: 'forbidden' })
  })

  test('is not gone around by links, whatever bytes are in their names', async () => {
    const policy = { backupPaths: [join(home, 'docs')] }
    const link = Buffer.concat([Buffer.from(`${home}/docs/`), Buffer.from([0xff])])
    symlinkSync(home, link)
    const through = `${link.toString('latin1')}/private`
    expect(await ask({ kind: 'folder', path: through }, policy)).toMatchObject({ kind: 'failure', reason: 'forbidden' })
    expect(await ask({ kind: 'folder', path: through }, { neverBackupPaths: [join(home, 'private')] })).toMatchObject({
      reason: 'forbidden',
    })
  })

  test('can be nothing at all', async () => {
    for (const policy of [{ browsing: 'deny' as const }]) {
      expect(await ask({ kind: 'folder', path: null }, policy)).toMatchObject({ kind: 'failure', reason: 'forbidden' })
      expect(await folder(home, policy)).toMatchObject({ reason: 'forbidden' })
      expect(await preview({ paths: [home] }, policy)).toMatchObject({ reason: 'forbidden' })
    }
  })

  test('is nothing while its policy cannot be read', async () => {
    const policy = async (): Promise<never> => {
      throw new AgentError('policy.invalid', 'Cannot use the policy: it is torn')
    }
    const context = { policy, clock: systemClock, signal: new AbortController().signal }
    expect(await answerQuestion({ kind: 'folder', path: '/' }, context)).toMatchObject({ kind: 'failure', reason: 'forbidden' })
  })
})

describe('a selection', () => {
  test('is weighed with what it leaves out', async () => {
    const answer = await preview({ paths: [home, join(home, 'gone')], excludes: ['*.bin'] }, { neverBackupPaths: [join(home, 'private')] })
    expect(answer).toEqual({
      kind: 'selection',
      included: { fileCount: 2, folderCount: 3, sizeBytes: 12 },
      excluded: { fileCount: 2, folderCount: 1, sizeBytes: 540 },
      biggestFolders: expect.arrayContaining([{ path: home, fileCount: 2, sizeBytes: 12 }]) as unknown,
      biggestExcluded: [
        { path: join(home, 'docs/deep/b.bin'), fileCount: 1, sizeBytes: 500 },
        { path: join(home, 'private'), fileCount: 1, sizeBytes: 40 },
      ],
      missing: [join(home, 'gone')],
      unreadableCount: 0,
      isPartial: false,
    })
  })

  test('of what is not there weighs nothing', async () => {
    expect(await preview({ paths: [join(home, 'gone')] })).toMatchObject({
      kind: 'selection',
      included: { fileCount: 0 },
      missing: [join(home, 'gone')],
    })
  })

  test('of what may not be backed up is refused, and so is one that makes no sense', async () => {
    expect(await preview({ paths: ['/etc'] }, { backupPaths: [home] })).toMatchObject({ kind: 'failure', reason: 'forbidden' })
    expect(await preview({ paths: ['relative'] })).toMatchObject({ kind: 'failure', reason: 'forbidden' })
    expect(await preview({ paths: [home], excludeIfPresent: [':header'] })).toMatchObject({ kind: 'failure', reason: 'failed' })
  })
})
