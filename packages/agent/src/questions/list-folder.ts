import type { Dirent, Stats } from 'node:fs'
import { lstat, opendir } from 'node:fs/promises'
import { type ByteString, displayText, joinBytes, systemPath } from '@holdfast/engine'
import {
  type EntryKind,
  FOLDER_ENTRIES_MAX,
  MACHINE_NAME_BYTES_MAX,
  QUESTION_ANSWER_BYTES_MAX,
  type QuestionAnswer,
} from '@holdfast/protocol'
import { AgentError } from '../errors.ts'
import type { FolderView } from './browsing.ts'

type FolderAnswer = Extract<QuestionAnswer, { kind: 'folder' }>
type FoundEntry = FolderAnswer['entries'][number]

/** Names that are read before they are put in order: of a folder with more, some are left out. */
const NAMES_MAX = 200_000
/** What surrounds the entries takes some room as well. */
const ENTRIES_BYTES_MAX = QUESTION_ANSWER_BYTES_MAX - 64 * 1024
const STATUS_AT_ONCE = 32

/**
 * What is in a folder and may be shown: folders first, then by name. Entries beyond the bounds of an answer are left out, and so are those
 * that were not read when time runs out; of the others, sizes and times are then.
 * @throws {AgentError} `policy.forbidden` for a link, which leads to where nobody was asked; Node's system error.
 */
export async function listFolder(
  folder: ByteString,
  { view, signal }: { readonly view: FolderView; readonly signal: AbortSignal },
): Promise<FolderAnswer> {
  const status = await lstat(systemPath(folder))
  if (status.isSymbolicLink()) {
    throw new AgentError(
      'policy.forbidden',
      `Refused to show what is in ${displayText(folder)}: it is a link, and a backup does not follow it`,
    )
  }
  const { names, isWhole } = await readNames(folder, { view, signal })
  const chosen = names.slice(0, FOLDER_ENTRIES_MAX)
  const entries: FoundEntry[] = []
  let sizeBytes = 0
  for (let from = 0; from < chosen.length; from += STATUS_AT_ONCE) {
    const batch = chosen.slice(from, from + STATUS_AT_ONCE)
    for (const entry of await Promise.all(batch.map((name) => describe(folder, name, signal)))) {
      sizeBytes += Buffer.byteLength(JSON.stringify(entry)) + 1
      if (sizeBytes > ENTRIES_BYTES_MAX) return { kind: 'folder', entries, isTruncated: true }
      entries.push(entry)
    }
  }
  return { kind: 'folder', entries, isTruncated: !isWhole || chosen.length < names.length }
}

interface FoundName {
  readonly name: ByteString
  readonly kind: EntryKind
}

async function readNames(
  folder: ByteString,
  { view, signal }: { readonly view: FolderView; readonly signal: AbortSignal },
): Promise<{ readonly names: readonly FoundName[]; readonly isWhole: boolean }> {
  const names: FoundName[] = []
  let isWhole = true
  await using entries = await opendir(systemPath(folder), { encoding: 'latin1' })
  for await (const entry of entries) {
    const name = entry.name as ByteString
    const isShown = name.length <= MACHINE_NAME_BYTES_MAX && view.shows(name)
    if (signal.aborted || (isShown && names.length === NAMES_MAX)) {
      isWhole = false
      break
    }
    if (!isShown) continue
    names.push({ name, kind: kindOf(entry) })
  }
  const isFolder = ({ kind }: FoundName): number => (kind === 'dir' ? 0 : 1)
  names.sort((a, b) => isFolder(a) - isFolder(b) || (a.name < b.name ? -1 : 1))
  return { names, isWhole }
}

async function describe(folder: ByteString, { name, kind }: FoundName, signal: AbortSignal): Promise<FoundEntry> {
  const unknown = { name, kind, sizeBytes: null, modifiedAtMs: null }
  if (signal.aborted) return unknown
  try {
    const status = await lstat(systemPath(joinBytes(folder, name)))
    const isFile = status.isFile()
    return { name, kind: kindOf(status), sizeBytes: isFile ? status.size : null, modifiedAtMs: Math.trunc(status.mtimeMs) }
  } catch {
    // It went, or may not be looked at: its name is known all the same.
    return unknown
  }
}

function kindOf(entry: Dirent | Stats): EntryKind {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'dir'
  if (entry.isSymbolicLink()) return 'symlink'
  if (entry.isBlockDevice()) return 'dev'
  if (entry.isCharacterDevice()) return 'chardev'
  if (entry.isFIFO()) return 'fifo'
  return entry.isSocket() ? 'socket' : 'other'
}
