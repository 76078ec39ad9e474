import { EngineError, isEngineError, messageOf } from '../../errors.ts'
import { type Clock, systemClock } from '../../host/clock.ts'
import { FILE_KINDS, type Storage } from '../storage.ts'
import { CONTRACT_CHECKS, type ContractCheck, type ContractSizes } from './checks.ts'
import { Probe } from './probe.ts'

/** What one check of the contract found. */
export interface ContractResult {
  readonly name: string
  readonly passed: boolean
  readonly durationMs: number
  /** Why it failed. */
  readonly error?: Error
}

export interface VerifyOptions extends Partial<ContractSizes> {
  readonly signal?: AbortSignal | undefined
  readonly clock?: Clock | undefined
}

const DEFAULT_SIZES: ContractSizes = { largeFileBytes: 32 * 1024 * 1024, manyFiles: 64 }

/**
 * Puts every promise of the contract of {@link Storage} to the test, one result each. The storage must be empty, such as a fresh folder or
 * prefix (`storage.contract` otherwise, before any file is written), and is empty again afterwards. Repeating decorators make no
 * difference. Rejects only when the signal is aborted or cleaning up fails.
 */
export async function* verifyStorage(storage: Storage, options: VerifyOptions = {}): AsyncIterable<ContractResult> {
  const sizes = { ...DEFAULT_SIZES, ...options }
  const clock = options.clock ?? systemClock
  await storage.prepare({ signal: options.signal })
  await demandEmpty(storage, options.signal)
  try {
    for (const check of CONTRACT_CHECKS) {
      const startedAt = clock.now()
      const error = await runContractCheck(storage, check, { sizes, signal: options.signal })
      const outcome = { name: check.name, passed: error === undefined, durationMs: clock.now() - startedAt }
      yield error === undefined ? outcome : { ...outcome, error }
    }
  } finally {
    await storage.dismantle()
  }
}

/** Runs one check and removes what it wrote. Gives the failure, or undefined if the promise is kept. */
export async function runContractCheck(
  storage: Storage,
  check: ContractCheck,
  options: { readonly sizes?: ContractSizes; readonly signal?: AbortSignal | undefined } = {},
): Promise<Error | undefined> {
  const probe = new Probe(storage, options.signal)
  try {
    await check.run(probe, options.sizes ?? DEFAULT_SIZES)
    return undefined
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason
    return isEngineError(error)
      ? error
      : new EngineError('storage.contract', `Cannot rely on the storage: ${messageOf(error)}`, { cause: error })
  } finally {
    await probe.removeAll()
  }
}

async function demandEmpty(storage: Storage, signal: AbortSignal | undefined): Promise<void> {
  for (const kind of FILE_KINDS) {
    for await (const info of storage.list(kind, { signal })) {
      const state = `it is not empty (${kind}/${info.name.slice(0, 10)}); use a fresh folder or prefix`
      throw new EngineError('storage.contract', `Cannot verify ${storage.location}: ${state}`)
    }
  }
}
