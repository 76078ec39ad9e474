import { mkdirSync, statSync } from 'node:fs'
import { posix } from 'node:path'
import { EngineError } from '../../errors.ts'
import { type ByteString, displayText, joinBytes, systemPath } from '../../format/byte-string.ts'
import { type FileStatus, findStatus } from '../../host/file-status.ts'
import { makeFoldersNow } from '../../host/make-folders.ts'
import { targetFailure } from './node-metadata.ts'
import { clearPlace, isFolderMode, isLinkMode } from './remove-tree.ts'

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
  /** Only the way to something below, that is to stay as it is. */
  readonly isKeptWay: boolean
  made: TargetFolder | undefined
}

/** Only the owner may enter folders until their own permissions are set, last of all. */
const FOLDER_MODE = 0o700
const OTHERS_MAY_WRITE = 0o022
const STICKY = 0o1000

/**
 * The folders from the target down to where the restore is. Each is looked at before anything is written below it, so that no symbolic link
 * in the target leads elsewhere: what is in the way of a folder is replaced by one, which is restic's way. A folder is made when something
 * in it is wanted. A link to a folder that is only a way, and is to stay as it is, stays too: it is followed if nobody can have laid it
 * there who may do less than the one who restores, and nothing is restored below it otherwise.
 */
export class TargetFolders {
  readonly #chain: Link[]
  readonly #dryRun: boolean

  /** `target` may be reached through symbolic links: it is the user's word. */
  constructor(target: ByteString, options: { readonly dryRun: boolean }) {
    this.#dryRun = options.dryRun
    this.#chain = [{ path: target, isKeptWay: false, made: undefined }]
  }

  /** Goes into a folder of the innermost one. */
  enter(name: ByteString, { isKeptWay }: Pick<Link, 'isKeptWay'>): void {
    this.#chain.push({ path: joinBytes(this.#chain.at(-1)?.path ?? name, name), isKeptWay, made: undefined })
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
    link.made ??= depth === 0 ? this.#makeTarget(link.path) : this.#make(link, this.#made(depth - 1))
    return link.made
  }

  #makeTarget(path: ByteString): TargetFolder {
    try {
      const first = this.#dryRun ? undefined : makeFoldersNow(path, FOLDER_MODE)
      return { path, isNew: this.#dryRun ? findStatus(path) === undefined : first !== undefined, failure: undefined }
    } catch (error) {
      return { path, isNew: false, failure: targetFailure('make the target folder', path, error) }
    }
  }

  #make({ path, isKeptWay }: Link, parent: TargetFolder): TargetFolder {
    if (parent.failure !== undefined) return { path, isNew: false, failure: parent.failure }
    try {
      const status = parent.isNew ? undefined : findStatus(path)
      if (status !== undefined && isFolderMode(status.mode)) return { path, isNew: false, failure: undefined }
      if (isKeptWay && status !== undefined && isLinkMode(status.mode)) {
        checkLinkedWay(path, status)
        return { path, isNew: false, failure: undefined }
      }
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

/** @throws {EngineError} `target.failed` for a link that is not to be followed. */
function checkLinkedWay(path: ByteString, status: FileStatus): void {
  const isTrusted = isOwn(status) && foldersAbove(path).every(isGuarded)
  if (isTrusted && statSync(systemPath(path), { throwIfNoEntry: false })?.isDirectory() === true) return
  const state = isTrusted ? 'a link is there that leads to no folder' : 'a link is there that somebody else has made, or may have put there'
  throw new EngineError('target.failed', `Cannot make folder ${displayText(path)}: ${state}`)
}

function isOwn({ userId }: FileStatus): boolean {
  return userId === 0 || userId === process.geteuid?.()
}

/** Whether nobody else can put into a folder what they did not make: who may rename in it may move the link of somebody else there. */
function isGuarded(folder: ByteString): boolean {
  const status = findStatus(folder)
  if (status === undefined || !isOwn(status)) return false
  return isLinkMode(status.mode) || (status.mode & OTHERS_MAY_WRITE) === 0 || (status.mode & STICKY) !== 0
}

function foldersAbove(path: ByteString): readonly ByteString[] {
  const folder = posix.dirname(path) as ByteString
  return folder === path ? [] : [folder, ...foldersAbove(folder)]
}
