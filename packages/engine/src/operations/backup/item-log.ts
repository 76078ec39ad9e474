import type { ByteString } from '../../format/byte-string.ts'

/** What became of one file or folder. */
export interface BackupItem {
  readonly path: ByteString
  readonly kind: 'file' | 'folder'
  /** Compared with the parent snapshot; what a rule leaves out is `excluded`. */
  readonly action: 'new' | 'modified' | 'unchanged' | 'excluded'
  readonly durationMs: number
  /** Plaintext of a file that was not in the repository yet, and what it takes there; of a folder, the same of its tree. */
  readonly bytesAdded: number
  readonly bytesStored: number
}

/** Notes in a worker what becomes of entries, until the main thread gets it with an answer. */
export class ItemLog {
  #items: BackupItem[] = []

  add(item: Pick<BackupItem, 'path' | 'kind' | 'action'> & Partial<BackupItem>): void {
    this.#items.push({ durationMs: 0, bytesAdded: 0, bytesStored: 0, ...item })
  }

  /** Everything since the last call. */
  take(): readonly BackupItem[] {
    const items = this.#items
    this.#items = []
    return items
  }
}

/** How an entry compares with the one in the parent snapshot, both as JSON. */
export function actionOf(node: string, previousNode: string | undefined): 'new' | 'modified' | 'unchanged' {
  if (previousNode === undefined) return 'new'
  return previousNode === node ? 'unchanged' : 'modified'
}
