import { isUtf8 } from 'node:buffer'
import { type ByteString, bytesOf } from '@holdfast/engine'
import type { MachineEntry, MachineFolder, QuestionAnswer, SelectionPreview, WeighedFolder } from '@holdfast/protocol'
import { addressOf, pathWithin, readableName } from '../snapshots/snapshot-path.ts'

type FolderAnswer = Extract<QuestionAnswer, { kind: 'folder' }>
type RootsAnswer = Extract<QuestionAnswer, { kind: 'roots' }>
type SelectionAnswer = Extract<QuestionAnswer, { kind: 'selection' }>

/** Times that have four digits for the year. */
const TIME_MIN_MS = -62_135_596_800_000
const TIME_MAX_MS = 253_402_300_799_999

const collator = new Intl.Collator('en', { numeric: true })

/** A folder of a machine as it goes over the wire: folders first, then by name. */
export function folderOf(path: ByteString, { entries, isTruncated }: FolderAnswer): MachineFolder {
  const views = entries.map(({ name, kind, sizeBytes, modifiedAtMs }): MachineEntry => {
    const own = pathWithin(path, name as ByteString)
    return { ...placeOf(own), name: readableName(name as ByteString), kind, sizeBytes, modifiedAt: timeOf(modifiedAtMs) }
  })
  return { path: addressOf(path), entries: views.toSorted(inOrder), isTruncated }
}

/** The folders that a machine begins with. */
export function rootsOf({ paths }: RootsAnswer): MachineFolder {
  const entries = paths.map((path): MachineEntry => {
    const own = path as ByteString
    return { ...placeOf(own), name: readableName(own), kind: 'dir', sizeBytes: null, modifiedAt: null }
  })
  return { path: null, entries, isTruncated: false }
}

/** What a selection would take, as it goes over the wire. */
export function previewOf({ kind: _, missing, ...answer }: SelectionAnswer): SelectionPreview {
  return {
    ...answer,
    biggestFolders: answer.biggestFolders.map(weighedOf),
    biggestExcluded: answer.biggestExcluded.map(weighedOf),
    missing: missing.map((path) => readableName(path as ByteString)),
  }
}

function weighedOf({ path, fileCount, sizeBytes }: SelectionAnswer['biggestFolders'][number]): WeighedFolder {
  const own = path as ByteString
  return { ...placeOf(own), name: readableName(own), fileCount, sizeBytes }
}

function placeOf(path: ByteString): Pick<MachineEntry, 'path' | 'selectionPath'> {
  const bytes = bytesOf(path)
  return { path: addressOf(path), selectionPath: isUtf8(bytes) ? bytes.toString('utf8') : null }
}

function inOrder(a: MachineEntry, b: MachineEntry): number {
  const rank = ({ kind }: MachineEntry): number => (kind === 'dir' ? 0 : 1)
  return rank(a) - rank(b) || collator.compare(a.name, b.name) || (a.path < b.path ? -1 : 1)
}

function timeOf(ms: number | null): string | null {
  return ms === null || ms < TIME_MIN_MS || ms > TIME_MAX_MS ? null : new Date(ms).toISOString()
}
