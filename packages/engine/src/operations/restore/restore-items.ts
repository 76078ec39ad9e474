import { EngineError } from '../../errors.ts'
import { type ByteString, byteStringOf, displayText } from '../../format/byte-string.ts'
import type { BlobId } from '../../format/ids.ts'
import type { TreeNode } from '../../format/node.ts'
import { isSafeName } from '../../format/tree.ts'
import { type TreeReader, walkTree } from '../../snapshots/tree-walker.ts'
import type { RestoreRequest, Selection } from './restore-request.ts'

/** One step of going through what is to be restored. */
export type RestoreItem =
  /** A folder begins; `selected` tells whether it is wanted itself or only as the way to something below. */
  | { readonly kind: 'folder'; readonly path: ByteString; readonly node: TreeNode; readonly selected: boolean }
  /** A node that is no folder and is wanted. */
  | { readonly kind: 'entry'; readonly path: ByteString; readonly node: TreeNode }
  | FolderEnd
  /** Something in the snapshot that cannot be used. */
  | { readonly kind: 'problem'; readonly path: ByteString; readonly error: EngineError }

/** A folder ends; `node` is undefined for the root. */
export interface FolderEnd {
  readonly kind: 'end'
  readonly path: ByteString
  readonly node: TreeNode | undefined
  /** It is wanted itself. */
  readonly selected: boolean
  /** It is wanted itself, or something below it was. */
  readonly used: boolean
  /** All names that the snapshot has in it, wanted or not; undefined where they are not all known. */
  readonly names: ReadonlySet<string> | undefined
}

interface OpenFolder {
  readonly path: ByteString
  readonly node: TreeNode | undefined
  readonly names: Set<string>
  readonly selected: boolean
  used: boolean
  complete: boolean
}

const ROOT = byteStringOf('/')
const EVERYTHING: Selection = { selected: true, childMayBeSelected: true }

/**
 * Goes through a tree as restic's restore does: folders before what they hold, nothing below a folder that the selection rules out. Names
 * that would lead out of their folder are a problem and nothing below them is looked at. What cannot be read is a problem as well.
 */
export async function* restoreItems(
  reader: TreeReader,
  request: Pick<RestoreRequest, 'tree' | 'select'>,
  signal: AbortSignal | undefined,
): AsyncGenerator<RestoreItem> {
  const walk = new ItemWalk(request)
  const nodes = walkTree(reader, request.tree, {
    signal,
    enter: ({ path, node }) => isSafeName(node.name) && walk.select(path, true).childMayBeSelected,
    onLeave: () => walk.close(),
    onBroken: ({ path, error, id }) => walk.reportBroken({ path, error, id }),
  })
  for await (const { path, node } of nodes) {
    yield* walk.takeItems()
    walk.visit(path, node)
    yield* walk.takeItems()
  }
  walk.close()
  yield* walk.takeItems()
}

class ItemWalk {
  readonly #request: Pick<RestoreRequest, 'tree' | 'select'>
  readonly #open: OpenFolder[] = [{ path: ROOT, node: undefined, names: new Set(), selected: false, used: false, complete: true }]
  #items: RestoreItem[] = []

  constructor(request: Pick<RestoreRequest, 'tree' | 'select'>) {
    this.#request = request
  }

  select(path: ByteString, isFolder: boolean): Selection {
    return this.#request.select?.(path, isFolder) ?? EVERYTHING
  }

  takeItems(): readonly RestoreItem[] {
    const items = this.#items
    this.#items = []
    return items
  }

  visit(path: ByteString, node: TreeNode): void {
    const folder = this.#open.at(-1)
    if (folder === undefined) return
    folder.names.add(node.name)
    if (!isSafeName(node.name)) {
      folder.complete = false
      const what = `Cannot restore ${JSON.stringify(displayText(node.name.slice(0, 300) as ByteString))}`
      this.#items.push({ kind: 'problem', path: folder.path, error: new EngineError('target.unsafe', `${what}: not the name of a file`) })
      return
    }
    const isFolder = node.type === 'dir'
    const { selected, childMayBeSelected } = this.select(path, isFolder)
    if (selected) folder.used = true
    if (!isFolder) {
      if (selected) this.#items.push({ kind: 'entry', path, node })
      return
    }
    this.#items.push({ kind: 'folder', path, node, selected })
    this.#open.push({ path, node, names: new Set(), selected, used: selected, complete: childMayBeSelected })
    if (!childMayBeSelected) this.close()
  }

  close(): void {
    const folder = this.#open.pop()
    if (folder === undefined) return
    const { path, node, selected, used, names, complete } = folder
    this.#items.push({ kind: 'end', path, node, selected, used, names: complete ? names : undefined })
    const parent = this.#open.at(-1)
    if (used && parent !== undefined) parent.used = true
  }

  reportBroken({ path, error, id }: { readonly path: ByteString; readonly error: EngineError; readonly id: BlobId | undefined }): void {
    const folder = this.#open.at(-1)
    if (folder !== undefined) folder.complete = false
    const tree = id === undefined ? '' : ` (tree ${id.slice(0, 10)})`
    const message = `Cannot restore what is in ${displayText(path)}${tree}: ${error.message}`
    this.#items.push({ kind: 'problem', path, error: new EngineError(error.code, message, { cause: error }) })
    // The root is closed at the end of the walk.
    if (this.#open.length > 1) this.close()
  }
}
