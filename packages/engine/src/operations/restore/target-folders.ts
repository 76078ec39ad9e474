import { mkdirSync } from 'node:fs'
import type { EngineError } from '../../errors.ts'
import { type ByteString, joinBytes, systemPath } from '../../format/byte-string.ts'
import { findStatus } from '../../host/file-status.ts'
import { targetFailure } from './node-metadata.ts'
import { clearPlace, isFolderMode } from './remove-tree.ts'

/** A folder of the target that the restore is in. */
export interface TargetFolder {
  readonly path: ByteString
  /** Nothing was there before the restore, so that nothing in it needs to be looked at. */
  readonly isNew: boolean
  /** Why nothing can be written into it. */
  readonly failure: EngineError | undefined
}

interface Link {
  readonly path: ByteString
  made: TargetFolder | undefined
}

/** Only the owner may enter folders until their own permissions are set, last of all. */
const FOLDER_MODE = 0o700

/**
 * The folders from the target down to where the restore is. Each is looked at before anything is written below it, so that no symbolic link
 * in the target leads elsewhere: what is in the way of a folder is replaced by one, which is restic's way. A folder is made when something
 * in it is wanted.
 */
export class TargetFolders {
  readonly #chain: Link[]
  readonly #dryRun: boolean

  /** `target` may be reached through symbolic links: it is the user's word. */
  constructor(target: ByteString, options: { readonly dryRun: boolean }) {
    this.#dryRun = options.dryRun
    this.#chain = [{ path: target, made: undefined }]
  }

  /** Goes into a folder of the innermost one. */
  enter(name: ByteString): void {
    this.#chain.push({ path: joinBytes(this.#chain.at(-1)?.path ?? name, name), made: undefined })
  }

  leave(): void {
    this.#chain.pop()
  }

  /** The innermost folder, made if need be with those above it. */
  current(): TargetFolder {
    return this.#made(this.#chain.length - 1)
  }

  #made(depth: number): TargetFolder {
    const link = this.#chain[depth]
    if (link === undefined) throw new RangeError('no folder is open')
    link.made ??= depth === 0 ? this.#makeTarget(link.path) : this.#make(link.path, this.#made(depth - 1))
    return link.made
  }

  #makeTarget(path: ByteString): TargetFolder {
    try {
      const first = this.#dryRun ? undefined : mkdirSync(systemPath(path), { recursive: true, mode: FOLDER_MODE })
      return { path, isNew: this.#dryRun ? findStatus(path) === undefined : first !== undefined, failure: undefined }
    } catch (error) {
      return { path, isNew: false, failure: targetFailure('make the target folder', path, error) }
    }
  }

  #make(path: ByteString, parent: TargetFolder): TargetFolder {
    if (parent.failure !== undefined) return { path, isNew: false, failure: parent.failure }
    try {
      const status = parent.isNew ? undefined : findStatus(path)
      if (status !== undefined && isFolderMode(status.mode)) return { path, isNew: false, failure: undefined }
      if (!this.#dryRun) {
        if (status !== undefined) clearPlace(path, false)
        mkdirSync(systemPath(path), { mode: FOLDER_MODE })
      }
      return { path, isNew: true, failure: undefined }
    } catch (error) {
      return { path, isNew: false, failure: targetFailure('make folder', path, error) }
    }
  }
}
