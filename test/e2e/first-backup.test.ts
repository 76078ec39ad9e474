import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FileFacts, makeOddTree, makeSparseFile, sortedManifest } from '@holdfast/engine/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { holdfast, messages, type Outcome, playground, restic } from '../../packages/cli/test/programs.ts'

const place = playground()
const { env } = place
const source = place.path('source')
const HUGE_BYTES = 5_000_000_000
/** Nothing but zeros is read of the huge file: more than this means that something is wrong with it, on any machine. */
const BACKUP_LIMIT_MS = 90_000
/** A regular file that opens and cannot be read, even for root; for others one that cannot be opened does. */
const unreadable = process.getuid?.() === 0 ? `/proc/${process.pid}/clear_refs` : place.path('secret')

let saved: Outcome = { code: -1, output: '', errors: '' }
let durationMs = 0
let expected: ReturnType<typeof sortedManifest> = []

beforeAll(async () => {
  await makeOddTree(source)
  makeSparseFile(join(source, 'huge and sparse'), HUGE_BYTES)
  if (unreadable === place.path('secret')) {
    writeFileSync(unreadable, 'nobody may read this')
    chmodSync(unreadable, 0)
  }
  expect((await holdfast(['init'], { env })).code).toBe(0)
  const startedAt = performance.now()
  saved = await holdfast(['backup', source, unreadable, '--json'], { env })
  durationMs = performance.now() - startedAt
  expected = sortedManifest(source)
}, 300_000)

afterAll(() => place.remove())

describe('a backup of everything odd, with a file that cannot be read', () => {
  it('ends with 3, names the file, and saves the rest', async ({ annotate }) => {
    expect(saved.code).toBe(3)
    expect(saved.errors).toContain(unreadable)
    const summary = messages(saved.output).at(-1)
    expect(summary).toMatchObject({ message_type: 'summary', snapshot_id: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(summary?.total_bytes_processed).toBeGreaterThan(HUGE_BYTES)
    expect(summary?.data_added_packed).toBeLessThan(20_000_000)
    expect(durationMs).toBeLessThan(BACKUP_LIMIT_MS)
    await annotate(`a sparse file of ${HUGE_BYTES / 1e9} GB and the rest were backed up in ${(durationMs / 1000).toFixed(1)} s`)
  })

  it('is whole for restic', async () => {
    const checked = await restic(['check', '--read-data'], { env })
    expect(checked).toMatchObject({ code: 0, output: expect.stringContaining('no errors were found') })
  })

  it.each([
    ['restic', restic],
    ['holdfast', holdfast],
  ])('comes back from %s as it was', async (name, program) => {
    const target = place.path(`restored by ${name}`)
    const restored = await program(['restore', 'latest', '--target', target, '--sparse'], { env })
    expect(restored).toMatchObject({ code: 0, errors: '' })
    // restic makes each of several names of one symbolic link a link of its own.
    const wanted = name === 'restic' ? expected.map(withoutLinkedLinks) : expected
    expect(sortedManifest(join(target, source))).toEqual(wanted)
    expect(expected.length).toBeGreaterThan(40)
    expect(existsSync(join(target, unreadable))).toBe(false)
  })

  it('leaves no lock and nothing half done behind', () => {
    const files = readdirSync(place.path('repository'), { recursive: true, encoding: 'utf8' })
    expect(files.filter((name) => name.startsWith('locks/') || name.includes('tmp'))).toEqual([])
  })
})

function withoutLinkedLinks([path, facts]: readonly [string, FileFacts]): readonly [string, FileFacts] {
  const { sameAs: _, ...rest } = facts
  return [path, facts.type === 'symlink' ? rest : facts]
}
