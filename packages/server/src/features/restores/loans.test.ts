import { type BlobId, EngineError, type IndexedRepository } from '@holdfast/engine'
import { ManualClock, sampleRepository, saveFolder } from '@holdfast/engine/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { Loans } from './loans.ts'

const TERM_MS = 3 * 60_000
const IDLE_MS = 60_000

describe('snapshots that are lent', () => {
  let indexed: IndexedRepository
  let trees: readonly BlobId[]
  let clock: ManualClock
  let loans: Loans
  /** How many times each snapshot was walked. */
  let walks: Map<string, number>

  beforeEach(async () => {
    indexed = await (await sampleRepository()).loadIndex()
    trees = await indexed.write((writer) =>
      Promise.all(Array.from({ length: 20 }, (_, number) => saveFolder(writer, { file: `content of ${number}` }))),
    )
    clock = new ManualClock()
    walks = new Map()
    const read = async (_id: number, { tree }: { readonly tree: BlobId }): Promise<IndexedRepository> => {
      walks.set(tree, (walks.get(tree) ?? 0) + 1)
      return indexed
    }
    loans = new Loans({ repositories: { read }, clock })
  })

  const borrower = (number: number) => ({ runId: number, repositoryId: 1, tree: trees[number] as BlobId })
  const ask = (number: number): Promise<unknown> => loans.of(borrower(number))
  const askAll = (count: number): Promise<unknown> => Promise.all(Array.from({ length: count }, (_, number) => ask(number)))

  test('are walked once, and not pushed out by those who come later', async () => {
    await askAll(16)
    for (let round = 0; round < 3; round++) {
      await expect(ask(16)).rejects.toMatchObject({ code: 'server.unavailable', status: 503, retryAfterSeconds: 10 })
      await askAll(16)
    }
    expect([...walks.values()]).toEqual(Array.from({ length: 16 }, () => 1))
  })

  test('make room when their restore has ended', async () => {
    await askAll(16)
    loans.ended(7)
    await ask(16)
    await expect(ask(17)).rejects.toThrow('16 others are being restored')
    expect(walks.get(borrower(16).tree)).toBe(1)
  })

  test('make room when nobody asks for them any more', async () => {
    await askAll(16)
    clock.advance(IDLE_MS - 1)
    await askAll(15)
    clock.advance(1)
    await ask(16)
    await askAll(15)
    expect(walks.size).toBe(17)
    await expect(ask(15)).rejects.toThrow('16 others')
  })

  test('are given to others in turn when all are in use for long', async () => {
    await askAll(16)
    for (let waitedMs = 0; waitedMs < TERM_MS; waitedMs += IDLE_MS / 2) {
      await expect(ask(16)).rejects.toThrow('16 others')
      clock.advance(IDLE_MS / 2)
      await askAll(16)
    }
    await ask(16)
    expect(walks.get(borrower(16).tree)).toBe(1)
  })

  test('are found out anew after a read has failed, once for all reads that failed of the same', async () => {
    const loan = await loans.of(borrower(0))
    const error = new EngineError('storage.not-found', 'Cannot read the pack: it is gone')
    loans.failed(borrower(0), { loan, error: new EngineError('input.invalid', 'Cannot read the pack: it is not lent') })
    loans.failed(borrower(0), { loan, error: new Error('nobody waits') })
    expect(await loans.of(borrower(0))).toBe(loan)
    loans.failed(borrower(0), { loan, error })
    await Promise.resolve()
    const next = await loans.of(borrower(0))
    expect(next).not.toBe(loan)
    loans.failed(borrower(0), { loan, error })
    await Promise.resolve()
    expect(await loans.of(borrower(0))).toBe(next)
  })
})
