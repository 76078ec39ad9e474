import { describe, expect, it } from 'vitest'
import { CONTRACT_CHECKS, type ContractSizes } from '../storage/contract/checks.ts'
import { runContractCheck } from '../storage/contract/verify-storage.ts'
import type { Storage } from '../storage/storage.ts'

/** Small enough for every test run; `holdfast storage verify` and the tests of each real server use more. */
const QUICK: ContractSizes = { largeFileBytes: 1024 * 1024, manyFiles: 20 }

export interface ContractSuiteOptions extends Partial<ContractSizes> {
  /** Checks, by name, that do not hold by design, with the reason. */
  readonly exempt?: Readonly<Record<string, string>>
}

/** One vitest test for each promise of the contract, on a storage that `open` gives empty. The caller closes it. */
export function describeStorageContract(title: string, open: () => Promise<Storage> | Storage, options: ContractSuiteOptions = {}): void {
  describe(`${title} keeps the storage contract`, () => {
    for (const check of CONTRACT_CHECKS.filter(({ name }) => options.exempt?.[name] === undefined)) {
      it(check.name, async () => {
        const storage = await open()
        await storage.prepare()
        const failure = await runContractCheck(storage, check, { sizes: { ...QUICK, ...options } })
        expect(failure).toBeUndefined()
      })
    }
  })
}
