import { hash } from 'node:crypto'
import { accessSync, constants, copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { ROOT } from './options.ts'

/** A file of this machine that is part of the data set. */
export interface RealFile {
  readonly path: string
  /** Its name in the data set, relative. */
  readonly name: string
  readonly sizeBytes: number
}

/** Where real files come from, and which part of the whole: what one has not got, the next ones give. */
const SOURCES = [
  { name: 'node_modules', folder: join(ROOT, 'node_modules'), share: 0.25 },
  { name: 'usr/bin', folder: '/usr/bin', share: 0.2 },
  { name: 'usr/share', folder: '/usr/share', share: 0.2 },
  { name: 'usr/lib', folder: '/usr/lib', share: 0.35 },
]

/** No single file may have more than this part of the whole. */
const LARGEST_FILE_SHARE = 1 / 16
/** Every chunk of the cutter, 512 KiB at least, has a stamp in it. */
const STAMP_EVERY_BYTES = 256 * 1024

/**
 * Binaries and texts of this machine: of each source the first ones of a sorted walk, until there are enough. The same choice every time,
 * on the same machine. Symbolic links, hidden folders (caches), what cannot be read
 * and the few largest files are left out.
 */
export function chooseRealFiles(wantedBytes: number): readonly RealFile[] {
  const chosen: RealFile[] = []
  let total = 0
  let wanted = 0
  for (const { name, folder, share } of SOURCES) {
    wanted += wantedBytes * share
    if (!existsSync(folder)) continue
    for (const file of walk(folder, name)) {
      if (total >= wanted) break
      if (file.sizeBytes > wantedBytes * LARGEST_FILE_SHARE) continue
      chosen.push(file)
      total += file.sizeBytes
    }
  }
  return chosen
}

/** A short text that is another one when the choice is another one. */
export function fingerprintOf(files: readonly RealFile[]): string {
  return hash('sha256', files.map(({ name, sizeBytes }) => `${name} ${sizeBytes}\n`).join('')).slice(0, 12)
}

/** Copies the files into a folder. */
export async function copyRealFiles(files: readonly RealFile[], folder: string): Promise<void> {
  for (const [position, file] of files.entries()) {
    const target = join(folder, file.name)
    mkdirSync(dirname(target), { recursive: true })
    copyFileSync(file.path, target)
    if (position % 100 === 0) await setImmediate()
  }
}

/** Copies the files changed a little everywhere, so that no chunk of a copy is one of a copy with another stamp. Stamps have 8 bytes. */
export async function copyStamped(files: readonly RealFile[], folder: string, stamp: Buffer): Promise<void> {
  for (const [position, file] of files.entries()) {
    const target = join(folder, file.name)
    mkdirSync(dirname(target), { recursive: true })
    const content = readFileSync(file.path)
    for (let at = 0; at < content.length; at += STAMP_EVERY_BYTES) stamp.copy(content, at)
    writeFileSync(target, content)
    if (position % 100 === 0) await setImmediate()
  }
}

function* walk(folder: string, name: string): Generator<RealFile, void, void> {
  const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !entry.name.startsWith('.')) yield* walk(path, `${name}/${entry.name}`)
    if (!entry.isFile() || entry.name.includes('\ufffd') || !isReadable(path)) continue
    yield { path, name: `${name}/${entry.name}`, sizeBytes: lstatSync(path).size }
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}
