import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { BenchSizes } from './options.ts'
import { chooseRealFiles, copyRealFiles, copyStamped, fingerprintOf } from './real-files.ts'
import { SeededBytes } from './seeded-bytes.ts'
import { countTree, type TreeCounts } from './tree-counts.ts'

/** The data of the first backups: three folders side by side. */
export interface MainData {
  readonly folder: string
  readonly largeFile: string
  readonly realFiles: string
  readonly smallFiles: string
  readonly fingerprint: string
}

const PIECE_BYTES = 4 * 1024 * 1024
const FILES_PER_FOLDER = 100
/** Small files are pieces of one long text and one long table, each with a number of its own at its head. */
const POOL_BYTES = 8 * 1024 * 1024
const SMALL_FILE_BYTES = { least: 100, most: 20_000 } as const
/** How a part of the doubled data is made up: the rest is one incompressible file. */
const PART_REAL_SHARE = 0.5
const PART_SMALL_SHARE = 0.05
const MEAN_SMALL_FILE_BYTES = 3756

/** Makes the data of the first backups, the same every time on the same machine. */
export async function makeMainData(
  folder: string,
  sizes: Pick<BenchSizes, 'largeFileBytes' | 'realFilesBytes' | 'smallFiles'>,
): Promise<MainData> {
  const data = { folder, largeFile: join(folder, 'large'), realFiles: join(folder, 'real'), smallFiles: join(folder, 'small') }
  const real = chooseRealFiles(sizes.realFilesBytes)
  await makeIncompressibleFile(join(data.largeFile, 'incompressible.bin'), sizes.largeFileBytes, 'large file')
  await copyRealFiles(real, data.realFiles)
  await makeSmallFiles(data.smallFiles, sizes.smallFiles, 'small files')
  return { ...data, fingerprint: fingerprintOf(real) }
}

/** Makes `count` files of 100 bytes to 20 kB, half of them text and half records of numbers, a hundred to a folder. */
export async function makeSmallFiles(folder: string, count: number, seed: string): Promise<void> {
  const random = new SeededBytes(seed)
  const text = makeText(random)
  const table = makeTable(random)
  for (let file = 0; file < count; file++) {
    const isText = file % 2 === 0
    const group = Math.floor(file / FILES_PER_FOLDER)
    const parent = join(folder, `area-${Math.floor(group / 20)}`, `folder-${group % 20}`)
    if (file % FILES_PER_FOLDER === 0) {
      mkdirSync(parent, { recursive: true })
      await setImmediate()
    }
    const sizeBytes = random.between(SMALL_FILE_BYTES.least, SMALL_FILE_BYTES.most)
    const head = Buffer.from(`${seed} ${file}\n`)
    const start = random.below(POOL_BYTES - sizeBytes)
    const content = Buffer.concat([head, (isText ? text : table).subarray(start, start + sizeBytes - head.length)])
    writeFileSync(join(parent, `file-${file}.${isText ? 'txt' : 'dat'}`), content)
  }
}

/** Makes one part of the doubled data; parts with different numbers have no chunk in common. */
export async function makeDoublingPart(folder: string, part: number, partBytes: number): Promise<void> {
  const real = chooseRealFiles(partBytes * PART_REAL_SHARE)
  const smallFiles = Math.round((partBytes * PART_SMALL_SHARE) / MEAN_SMALL_FILE_BYTES)
  const largeBytes = Math.round(partBytes * (1 - PART_REAL_SHARE - PART_SMALL_SHARE))
  await makeIncompressibleFile(join(folder, 'large', 'incompressible.bin'), largeBytes, `part ${part}, large file`)
  await copyStamped(real, join(folder, 'real'), Buffer.from(`part ${part}   `.slice(0, 8)))
  await makeSmallFiles(join(folder, 'small'), smallFiles, `part ${part}, small files`)
}

/** The figures of the main data by part, for the report. */
export function describeMainData(data: MainData): readonly { readonly name: string; readonly counts: TreeCounts }[] {
  return [
    { name: 'one incompressible file', counts: countTree(data.largeFile) },
    { name: `binaries and texts of this machine (choice ${data.fingerprint})`, counts: countTree(data.realFiles) },
    { name: 'small files, half text', counts: countTree(data.smallFiles) },
    { name: 'all', counts: countTree(data.folder) },
  ]
}

async function makeIncompressibleFile(path: string, sizeBytes: number, seed: string): Promise<void> {
  mkdirSync(join(path, '..'), { recursive: true })
  const random = new SeededBytes(seed)
  const descriptor = openSync(path, 'w')
  try {
    for (let at = 0; at < sizeBytes; at += PIECE_BYTES) {
      writeSync(descriptor, random.take(Math.min(PIECE_BYTES, sizeBytes - at)))
      await setImmediate()
    }
  } finally {
    closeSync(descriptor)
  }
}

/** Words of a made-up language, the first ones much more often than the last ones, in lines. */
function makeText(random: SeededBytes): Buffer {
  const syllables = 'ba be bi do du fa ge ha ja ke ki la le ma mi na no pa pe qua ra re sa se ta te un va we xi yo zu'.split(' ')
  const words = Array.from({ length: 4000 }, () =>
    Array.from({ length: 1 + random.below(4) }, () => syllables[random.below(syllables.length)] ?? '').join(''),
  )
  const pieces: string[] = []
  for (let length = 0; length < POOL_BYTES; ) {
    const piece = `${words[random.between(1, words.length) - 1] ?? ''}${random.below(12) === 0 ? '\n' : ' '}`
    pieces.push(piece)
    length += piece.length
  }
  return Buffer.from(pieces.join('')).subarray(0, POOL_BYTES)
}

/** Records of 24 bytes as programs store them: a counter, small numbers, a time, and eight bytes that are random. */
function makeTable(random: SeededBytes): Buffer {
  const table = Buffer.alloc(POOL_BYTES)
  for (let at = 0; at + 24 <= POOL_BYTES; at += 24) {
    table.writeUInt32LE(at / 24, at)
    table.writeUInt16LE(random.below(50), at + 4)
    table.writeUInt16LE(random.below(4), at + 6)
    table.writeDoubleLE(1.7e9 + at + random.below(100), at + 8)
    table.writeUInt32LE(random.below(2 ** 32), at + 16)
    table.writeUInt32LE(random.below(2 ** 32), at + 20)
  }
  return table
}
