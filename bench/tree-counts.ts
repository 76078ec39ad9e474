import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** What a folder holds, all levels together. */
export interface TreeCounts {
  readonly files: number
  /** The sum of the files' sizes, not of the blocks they take. */
  readonly bytes: number
}

/** Counts the files below a folder. */
export function countTree(folder: string): TreeCounts {
  let files = 0
  let bytes = 0
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    files++
    bytes += lstatSync(join(entry.parentPath, entry.name)).size
  }
  return { files, bytes }
}
