import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { holdfast, messages, type Outcome, type Playground, playground, restic } from './programs.ts'

let place: Playground = playground()
const used: Playground[] = [place]

const run = (...args: readonly string[]): Promise<Outcome> => holdfast(args, { env: place.env, folder: place.folder })

async function runWell(...args: readonly string[]): Promise<string> {
  const outcome = await run(...args)
  expect([outcome.code, outcome.code === 0 ? '' : outcome.errors]).toEqual([0, ''])
  return outcome.output
}

async function isSound(): Promise<void> {
  expect((await restic(['check', '--read-data'], { env: place.env })).code).toBe(0)
}

async function snapshots(): Promise<Record<string, unknown>[]> {
  return JSON.parse((await restic(['snapshots', '--json'], { env: place.env })).output) as Record<string, unknown>[]
}

beforeEach(async () => {
  place = playground()
  used.push(place)
  mkdirSync(place.path('data', 'secret'), { recursive: true })
  for (const name of ['one', 'two', 'secret/three']) writeFileSync(place.path('data', name), name.repeat(1000))
  await runWell('init')
  await runWell('backup', place.path('data'))
})
afterAll(() => {
  for (const each of used) each.remove()
})

describe('copy', () => {
  test('into a repository with the same chunker parameters, once', async () => {
    const other = { RESTIC_FROM_REPOSITORY: place.path('repository'), RESTIC_FROM_PASSWORD: 'geheim' }
    const env = { ...place.env, ...other, RESTIC_REPOSITORY: place.path('second') }
    expect((await holdfast(['init', '--copy-chunker-params', '--from-repo', place.path('repository')], { env })).code).toBe(0)
    const polynomials = await Promise.all(
      [env, place.env].map(
        async (one) => JSON.parse((await holdfast(['cat', 'config'], { env: one })).output) as { chunker_polynomial: string },
      ),
    )
    expect(polynomials[0]?.chunker_polynomial).toBe(polynomials[1]?.chunker_polynomial)
    const first = await holdfast(['copy'], { env })
    expect(first).toMatchObject({ code: 0, output: expect.stringMatching(/snapshot [0-9a-f]{8} saved, copied from source snapshot/) })
    expect((await holdfast(['copy', '-v'], { env })).output).toContain('was already copied')
    expect((await restic(['copy'], { env })).code).toBe(0)
    expect(JSON.parse((await restic(['snapshots', '--json'], { env })).output)).toHaveLength(1)
    expect((await restic(['check', '--read-data'], { env })).code).toBe(0)
  })
})

describe('rewrite', () => {
  test('takes files out of snapshots', async () => {
    await runWell('rewrite', '--exclude', '/**/secret', '--forget')
    expect(await runWell('ls', 'latest', '-q')).not.toContain('secret')
    expect(await snapshots()).toHaveLength(1)
    expect(await runWell('rewrite', '--new-host', 'box', 'latest')).toContain('modified 1 snapshots')
    expect((await snapshots()).map(({ hostname, tags }) => [hostname, tags])).toContainEqual(['box', ['rewrite']])
    await isSound()
    expect((await run('rewrite')).code).toBe(1)
  })
})

describe('forget and prune', () => {
  test('free space; nothing is left for restic', async () => {
    writeFileSync(place.path('data', 'one'), 'another content'.repeat(2000))
    await runWell('backup', place.path('data'))
    expect(await runWell('forget', '--keep-last', '1', '--dry-run')).toContain('remove 1 snapshots')
    expect(await snapshots()).toHaveLength(2)
    await runWell('forget', '--keep-last', '1')
    const [summary] = messages(await runWell('prune', '--max-unused', '0', '--json'))
    expect(summary).toMatchObject({ message_type: 'summary', blobs: { repack_remove: expect.any(Number) } })
    const { remove_total: removed } = (summary ?? { blobs: {} }).blobs as { remove_total: number }
    expect(removed).toBeGreaterThan(0)
    await isSound()
    expect((await restic(['prune', '--max-unused', '0', '--dry-run'], { env: place.env })).output).toMatch(/total prune: +0 blobs/)
  })

  test('never all without being told', async () => {
    expect((await run('forget', '--unsafe-allow-remove-all')).code).toBe(1)
    await runWell('forget', '--unsafe-allow-remove-all', '--path', place.path('data'))
    expect(await snapshots()).toHaveLength(0)
  })

  test('what was forgotten by mistake is recovered', async () => {
    await runWell('forget', 'latest')
    expect(await runWell('recover')).toContain('found 1 unreferenced roots')
    expect(await runWell('ls', 'latest', '-q')).toContain('/data/one')
    await isSound()
  })
})

describe('damage', () => {
  const packs = (): string[] =>
    readdirSync(place.path('repository', 'data'), { recursive: true, encoding: 'utf8' }).filter((name) => name.length > 60)

  test('is found, and what is left is rescued by following the advice', async () => {
    writeFileSync(place.path('data', 'random'), randomBytes(100_000))
    await runWell('backup', place.path('data'))
    const damaged = packs()
      .map((name) => place.path('repository', 'data', name))
      .sort((a, b) => readFileSync(b).length - readFileSync(a).length)[0]
    const content = readFileSync(damaged ?? '')
    content.writeUInt8(content.readUInt8(50) ^ 1, 50)
    writeFileSync(damaged ?? '', content)
    expect((await run('check')).code).toBe(0)
    const found = await run('check', '--read-data')
    expect(found).toMatchObject({ code: 1, errors: expect.stringContaining('cannot be restored whole') })
    // A variable that is meant for backups narrows no check.
    expect((await holdfast(['check', '--read-data'], { env: { ...place.env, RESTIC_HOST: 'nobody' } })).code).toBe(1)
    const json = messages((await run('check', '--read-data', '--json')).output)
    const theirs = await restic(['check', '--read-data', '--json'], { env: place.env })
    expect(messages(theirs.output.replaceAll(/^[^{].*$/gm, '')).at(-1)).toMatchObject({ broken_packs: json.at(-1)?.broken_packs })
    for (const [, command = ''] of found.errors.matchAll(/^ {2}holdfast (.*)$/gm)) await runWell(...command.split(' '))
    expect(readdirSync(place.folder).filter((name) => name.startsWith('pack-'))).toHaveLength(1)
    await isSound()
    expect((await run('check', '--read-data')).code).toBe(0)
  })

  test('of the index is put right', async () => {
    const [index = ''] = readdirSync(place.path('repository', 'index'))
    writeFileSync(place.path('repository', 'index', index), 'nothing')
    expect((await run('check')).code).toBe(1)
    await runWell('repair', 'index')
    await isSound()
  })

  test('of a snapshot is named', async () => {
    const [snapshot = ''] = readdirSync(place.path('repository', 'snapshots'))
    writeFileSync(place.path('repository', 'snapshots', snapshot), 'nothing')
    expect((await run('repair', 'snapshots')).code).toBe(1)
    await runWell('repair', 'snapshots', '--forget', snapshot)
    await isSound()
  })
})

describe('old repositories', () => {
  test('are read, written and brought to version 2', async () => {
    const env = { ...place.env, RESTIC_REPOSITORY: place.path('old') }
    expect((await holdfast(['init', '--repository-version', '1'], { env })).code).toBe(0)
    expect((await restic(['backup', place.path('data')], { env })).code).toBe(0)
    expect((await holdfast(['backup', place.path('data')], { env })).output).toContain('using parent snapshot')
    expect((await restic(['check', '--read-data'], { env })).code).toBe(0)
    expect((await holdfast(['migrate'], { env })).output).toContain('upgrade_repo_v2')
    expect((await holdfast(['migrate', 'upgrade_repo_v2'], { env })).code).toBe(0)
    expect(JSON.parse((await restic(['cat', 'config'], { env })).output)).toMatchObject({ version: 2 })
    expect((await holdfast(['prune', '--repack-uncompressed'], { env })).code).toBe(0)
    expect((await restic(['check', '--read-data'], { env })).code).toBe(0)
  })
})

describe('completion files', () => {
  test('are written', async () => {
    await runWell('generate', '--bash-completion', 'bash', '--zsh-completion', 'zsh', '--fish-completion', 'fish')
    expect(readFileSync(join(place.folder, 'bash'), 'utf8')).toBe(await runWell('completion', 'bash'))
  })
})
