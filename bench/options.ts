import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** The folder that this repository is checked out in. */
export const ROOT: string = fileURLToPath(new URL('../', import.meta.url))

/** What can be measured alone, in the order in which all of it is measured. */
export const CASES = ['backup', 'large-file', 'real-files', 'small-files', 'restore', 'check', 'unchanged', 'index', 'doubling'] as const

export type CaseName = (typeof CASES)[number]

/** How much is measured and how often. */
export interface BenchSizes {
  readonly repeats: number
  readonly largeFileBytes: number
  readonly realFilesBytes: number
  readonly smallFiles: number
  readonly unchangedFiles: number
  readonly indexBlobs: number
  /** Bytes of one part of the data that is doubled. */
  readonly doublingPartBytes: number
  /** How many parts are backed up at once, each time twice as many as before. */
  readonly doublingParts: readonly number[]
}

export interface BenchOptions {
  readonly cases: readonly CaseName[]
  readonly sizes: BenchSizes
  /** Whether the figures are worth keeping: all cases in full size. */
  readonly isComplete: boolean
  /** Where data and repositories go; a tmpfs. */
  readonly folder: string
  /** The holdfast command that is measured. */
  readonly program: string
}

const MIB = 1024 * 1024

const FULL: BenchSizes = {
  repeats: 3,
  largeFileBytes: 1024 * MIB,
  realFilesBytes: 1e9,
  smallFiles: 50_000,
  unchangedFiles: 100_000,
  indexBlobs: 10_000_000,
  doublingPartBytes: 1e9,
  doublingParts: [2, 4, 8],
}

const QUICK: BenchSizes = {
  repeats: 1,
  largeFileBytes: 48 * MIB,
  realFilesBytes: 32e6,
  smallFiles: 2000,
  unchangedFiles: 4000,
  indexBlobs: 200_000,
  doublingPartBytes: 16e6,
  doublingParts: [2, 4, 8],
}

const HELP = `Usage: npm run bench -- [options]

  --quick         once, with little data: to see whether the bench works, not for figures
  --only CASE     one case alone: ${CASES.join(', ')}; may be given several times
  --folder DIR    where data and repositories go, a tmpfs (default /dev/shm)
  --program PATH  the holdfast command to measure (default bin/holdfast), such as that of an older checkout

bench/RESULTS.md is written by a run of all cases in full size. How to read it: bench/README.md`

/** The options of the command line; undefined when help was asked for, which is printed then. Throws for options that do not exist. */
export function parseOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      folder: { type: 'string', default: '/dev/shm' },
      program: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(HELP)
    return undefined
  }
  const chosen = values.only.map(parseCase)
  return {
    cases: chosen.length === 0 ? CASES : CASES.filter((name) => chosen.includes(name)),
    sizes: values.quick ? QUICK : FULL,
    isComplete: !values.quick && chosen.length === 0 && values.program === undefined,
    folder: values.folder,
    program: values.program ?? `${ROOT}bin/holdfast`,
  }
}

function parseCase(text: string): CaseName {
  const found = CASES.find((name) => name === text)
  if (found === undefined) throw new Error(`Cannot measure ${JSON.stringify(text)}: the cases are ${CASES.join(', ')}`)
  return found
}
