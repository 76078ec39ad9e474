import { readdirSync } from 'node:fs'
import { EngineError } from '../../errors.ts'
import { type ByteString, displayText, joinBytes, systemPath } from '../../format/byte-string.ts'
import { cleanPath } from '../../format/clean-path.ts'

/**
 * What the user named, as a tree of the folders that lead there. A snapshot of `/home/ann/docs` holds `home`, in it `ann`, in it `docs`:
 * the first two are bare folders with nothing but this path in them.
 */
export interface TargetNode {
  /** Where the files are that belong here; absent for a folder that only leads to a target. */
  path?: ByteString
  /** Named by the user, so that exclude rules do not apply to it. */
  isExplicit: boolean
  /** The folder whose metadata a leading folder gets. */
  folderPath?: ByteString
  /** Where the first component of this target lies; two targets of one name and different roots do not meet. */
  readonly root?: ByteString | undefined
  readonly children: Map<ByteString, TargetNode>
}

interface Target {
  readonly path: ByteString
  readonly isExplicit: boolean
}

/**
 * Arranges targets as restic does: relative paths stay relative, `.` and `..` stand for what is in them, targets inside of other
 * targets are taken once.
 * @throws {EngineError} `input.invalid` for paths that collide; Node's system error when `.` cannot be listed.
 */
export function arrangeTargets(targets: readonly ByteString[]): Map<ByteString, TargetNode> {
  const top = new Map<ByteString, TargetNode>()
  const seen = new Set<ByteString>()
  for (const target of targets.flatMap(expandDots)) {
    if (seen.has(target.path)) continue
    seen.add(target.path)
    addTarget(top, target)
  }
  for (const node of top.values()) unfold(node)
  return top
}

/** The components of a path as they appear in a snapshot: `..` is left out, since nothing can be above the snapshot. */
function componentsOf(path: ByteString): ByteString[] {
  return path.split('/').filter((component) => component !== '' && component !== '.' && component !== '..') as ByteString[]
}

function expandDots(target: ByteString): Target[] {
  const path = cleanPath(target)
  if (componentsOf(path).length > 0) return [{ path, isExplicit: true }]
  const names = readdirSync(systemPath(path), { encoding: 'latin1' }).sort() as ByteString[]
  return names.map((name) => ({ path: cleanPath(joinBytes(path, name)), isExplicit: false }))
}

/** The folder that holds the first component of a path. */
function rootOf(path: ByteString): ByteString {
  if (path.startsWith('/')) return '/' as ByteString
  const ups = path.split('/').filter((component) => component === '..')
  return cleanPath(['.', ...ups].join('/') as ByteString)
}

function addTarget(top: Map<ByteString, TargetNode>, target: Target): void {
  const [first, ...rest] = componentsOf(target.path)
  if (first === undefined) return
  const root = rootOf(target.path)
  let name = first
  // `a/x` and `../a/x` are different folders of one name: the second is kept under `a-1`.
  for (let attempt = 1; (top.get(name)?.root ?? root) !== root; attempt++) name = `${first}-${attempt}` as ByteString
  let node: TargetNode = top.get(name) ?? { isExplicit: false, root, children: new Map() }
  top.set(name, node)
  let folder = cleanPath(joinBytes(root, first))
  for (const component of rest) {
    node.folderPath = folder
    const child: TargetNode = node.children.get(component) ?? { isExplicit: false, children: new Map() }
    node.children.set(component, child)
    folder = joinBytes(folder, component)
    node = child
  }
  if (node.path !== undefined) throw new EngineError('input.invalid', `Cannot back up ${displayText(target.path)}: it is named twice`)
  node.path = target.path
  node.isExplicit = target.isExplicit
}

/** A target that has other targets inside is replaced by all that it contains, so that each of them can be told apart. */
function unfold(node: TargetNode): void {
  if (node.path !== undefined && node.children.size > 0) {
    const { path } = node
    for (const name of readdirSync(systemPath(path), { encoding: 'latin1' }) as ByteString[]) {
      const child = node.children.get(name)
      if (child === undefined) node.children.set(name, { path: joinBytes(path, name), isExplicit: false, children: new Map() })
      else child.path ??= joinBytes(path, name)
    }
    delete node.path
    node.isExplicit = false
    node.folderPath = path
  }
  for (const child of node.children.values()) unfold(child)
}
