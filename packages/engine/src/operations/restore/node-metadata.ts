import { chmodSync, lchownSync } from 'node:fs'
import { EngineError, systemCodeOf, systemStateOf } from '../../errors.ts'
import { type ByteString, byteStringOf, displayText, systemPath } from '../../format/byte-string.ts'
import { statModeFromGo } from '../../format/file-mode.ts'
import type { ExtendedAttribute, TreeNode } from '../../format/node.ts'
import { parseTimestamp, type Timestamp } from '../../format/timestamp.ts'
import { listExtendedAttributes, metadataAbilities, removeExtendedAttribute, setExtendedAttribute, setTimes } from '../../host/posix.ts'
import { groupIdOf, userIdOf } from '../../host/user-names.ts'
import { compilePathFilter } from '../path-filter.ts'
import type { AttributePatterns } from './restore-request.ts'

/** What of a node is set on the file besides its content. Can be posted to a worker. */
export interface NodeMetadata {
  /** Go's file mode; undefined for symbolic links, which have none. */
  readonly mode: number | undefined
  readonly uid: number
  readonly gid: number
  readonly user: string
  readonly group: string
  readonly atime: Timestamp
  readonly mtime: Timestamp
  readonly attributes: readonly ExtendedAttribute[] | undefined
}

export interface MetadataRules {
  readonly ownershipByName: boolean
  readonly attributes: AttributePatterns | undefined
}

/** What could not be set. A warning is nothing that the user asked for in vain. */
export interface MetadataProblem {
  readonly severity: 'problem' | 'warning'
  readonly message: string
}

/** The metadata of a node. */
export function metadataOf(node: TreeNode): NodeMetadata {
  const { uid, gid, atime, mtime, user = '', group = '' } = node
  const mode = node.type === 'symlink' ? undefined : (node.mode ?? 0)
  return { mode, uid, gid, user, group, atime, mtime, attributes: node.extended_attributes }
}

/**
 * Sets the metadata of files. Owner first, since that clears the set-id bits; then attributes, times and permissions. A failed step does
 * not keep the others from being done. Who is not root may not do everything: being refused is no problem then, as in restic.
 */
export class MetadataWriter {
  readonly #rules: MetadataRules
  readonly #isSelected: (attribute: string) => boolean
  readonly #isRoot: boolean = process.geteuid?.() === 0

  constructor(rules: MetadataRules) {
    this.#rules = rules
    this.#isSelected = attributeSelector(rules.attributes)
  }

  /** Sets what `metadata` says on the file itself, also where it is a symbolic link. Returns what went wrong. */
  apply(path: ByteString, metadata: NodeMetadata): readonly MetadataProblem[] {
    const problems: MetadataProblem[] = []
    const attempt = (what: string, action: () => void): void => {
      try {
        action()
      } catch (error) {
        const problem = this.#judge({ what, path, error })
        if (problem !== undefined) problems.push(problem)
      }
    }
    attempt('owner', () => this.#setOwner(path, metadata))
    for (const attribute of metadata.attributes ?? []) {
      if (this.#isSelected(attribute.name)) attempt(`extended attribute ${attribute.name}`, () => setAttribute(path, attribute))
    }
    attempt('extended attributes', () => this.#removeUnexpectedAttributes(path, metadata))
    attempt('times', () => setTimes(path, { access: parseTimestamp(metadata.atime), modification: parseTimestamp(metadata.mtime) }))
    const { mode } = metadata
    if (mode !== undefined) attempt('permissions', () => chmodSync(systemPath(path), statModeFromGo(mode)))
    return problems
  }

  #setOwner(path: ByteString, { uid, gid, user, group }: NodeMetadata): void {
    const byName = this.#rules.ownershipByName
    lchownSync(systemPath(path), byName ? (userIdOf(user) ?? 0) : uid, byName ? (groupIdOf(group) ?? 0) : gid)
  }

  #removeUnexpectedAttributes(path: ByteString, { attributes }: NodeMetadata): void {
    const present = listExtendedAttributes(path)
    if (present.length === 0) return
    const expected = new Set(attributes?.map(({ name }) => name))
    for (const name of present) if (!expected.has(name) && this.#isSelected(name) && !isLabel(name)) removeExtendedAttribute(path, name)
  }

  #judge({
    what,
    path,
    error,
  }: {
    readonly what: string
    readonly path: ByteString
    readonly error: unknown
  }): MetadataProblem | undefined {
    const code = systemCodeOf(error)
    if (!this.#isRoot && (code === 'EPERM' || code === 'EACCES')) return undefined
    const isUnsupported = code === 'ENOTSUP' && what.startsWith('extended')
    const message = `Cannot set ${what} of ${displayText(path)}: ${systemStateOf(error)}`
    return { severity: isUnsupported ? 'warning' : 'problem', message }
  }
}

/** What a system that lacks something leaves out, said once for a whole restore; undefined where nothing is lacking. */
export function describeLimits(): string | undefined {
  const abilities = metadataAbilities()
  if (abilities.extendedAttributes && abilities.exactTimes && abilities.specialFiles) return undefined
  return 'This system lets Holdfast restore neither extended attributes nor device files, and times to the microsecond only'
}

/** A failure to write below the target, as an engine error. */
export function targetFailure(what: string, path: ByteString, error: unknown): EngineError {
  if (error instanceof EngineError) return error
  return new EngineError('target.failed', `Cannot ${what} ${displayText(path)}: ${systemStateOf(error)}`, {
    cause: error,
    context: { path: displayText(path) },
  })
}

function setAttribute(path: ByteString, { name, value }: ExtendedAttribute): void {
  setExtendedAttribute(path, { name, value: Buffer.from(value ?? '', 'base64') })
}

/** The system labels files by rules of its own (SELinux, Smack) and lets nobody remove that. */
function isLabel(name: string): boolean {
  return name === 'security.selinux' || name.startsWith('security.SMACK64')
}

function attributeSelector(rules: AttributePatterns | undefined): (attribute: string) => boolean {
  if (rules === undefined || rules.patterns.length === 0) return () => true
  const filter = compilePathFilter(rules.patterns.map(byteStringOf))
  return rules.mode === 'include' ? (name) => filter.match(byteStringOf(name)).matched : (name) => !filter.matches(byteStringOf(name))
}
