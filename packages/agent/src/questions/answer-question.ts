import { lstatSync } from 'node:fs'
import { posix } from 'node:path'
import { type ByteString, byteStringOf, type Clock, messageOf, type SelectionWeight, weighSelection } from '@holdfast/engine'
import { QUESTION_SECONDS_MAX, type Question, type QuestionAnswer, type Selection } from '@holdfast/protocol'
import { isAgentError } from '../errors.ts'
import { checkBackupPaths, type MachinePolicy } from '../runner/machine-policy.ts'
import { prepareBackup } from '../runner/prepare-backup.ts'
import { demandBrowsing, rootsOf, viewOf } from './browsing.ts'
import { listFolder } from './list-folder.ts'

/** Something is left of the time for the way back. */
const DURATION_MS = (QUESTION_SECONDS_MAX - 2) * 1000
const ENTRIES_MAX = 3_000_000
const FOLDERS_NAMED = 20
const MESSAGE_LENGTH_MAX = 2000

export interface AnswerContext {
  /** What the owner of the machine allows; nothing when it rejects. */
  readonly policy: () => Promise<MachinePolicy>
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * Answers what a server wants to know, as far as the policy of the machine lets it, and within the time for an answer. What goes wrong is
 * an answer too.
 * @throws the signal's reason when it is aborted.
 */
export async function answerQuestion(question: Question, context: AnswerContext): Promise<QuestionAnswer> {
  const over = new AbortController()
  const stop = context.clock.every(DURATION_MS, () => over.abort())
  try {
    const policy = await context.policy()
    demandBrowsing(policy)
    if (question.kind === 'selection') return await previewOf(question.selection, { policy, signal: context.signal })
    if (question.path === null) return { kind: 'roots', paths: [...rootsOf(policy)] }
    const path = posix.resolve('/', question.path) as ByteString
    return await listFolder(path, { view: viewOf(policy, path), signal: AbortSignal.any([context.signal, over.signal]) })
  } catch (error) {
    context.signal.throwIfAborted()
    return failureOf(error)
  } finally {
    stop()
  }
}

async function previewOf(
  selection: Selection,
  { policy, signal }: { readonly policy: MachinePolicy; readonly signal: AbortSignal },
): Promise<QuestionAnswer> {
  const leftOut = checkBackupPaths(policy, selection.paths)
  const missing = selection.paths.filter((path) => lstatSync(path, { throwIfNoEntry: false }) === undefined)
  const there = selection.paths.filter((path) => !missing.includes(path))
  const weight = there.length === 0 ? NOTHING : await weigh({ ...selection, paths: there }, { leftOut, signal })
  return {
    kind: 'selection',
    included: sumOf(weight.included),
    excluded: sumOf(weight.excluded),
    biggestFolders: weight.biggestFolders.map(folderOf),
    biggestExcluded: weight.biggestExcluded.map(folderOf),
    missing: missing.map((path) => byteStringOf(path)),
    unreadableCount: weight.unreadable,
    isPartial: weight.isPartial,
  }
}

const EMPTY = { files: 0, folders: 0, bytes: 0 }
const NOTHING: SelectionWeight = {
  included: EMPTY,
  excluded: EMPTY,
  biggestFolders: [],
  biggestExcluded: [],
  unreadable: 0,
  isPartial: false,
}

function weigh(
  selection: Selection,
  { leftOut, signal }: { readonly leftOut: readonly string[]; readonly signal: AbortSignal },
): Promise<SelectionWeight> {
  const { targets, rules } = prepareBackup({ selection, tags: [], compression: 'auto' }, { leftOut, onMissing: () => undefined })
  const limits = { durationMs: DURATION_MS, entries: ENTRIES_MAX, folders: FOLDERS_NAMED }
  return weighSelection(targets, { rules, limits, signal })
}

function sumOf({ files, folders, bytes }: SelectionWeight['included']): { fileCount: number; folderCount: number; sizeBytes: number } {
  return { fileCount: files, folderCount: folders, sizeBytes: bytes }
}

function folderOf({ path, files, bytes }: SelectionWeight['biggestFolders'][number]): {
  path: string
  fileCount: number
  sizeBytes: number
} {
  return { path, fileCount: files, sizeBytes: bytes }
}

function failureOf(error: unknown): QuestionAnswer {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const isMissing = code === 'ENOENT' || code === 'ENOTDIR'
  const reason = isAgentError(error, 'policy.forbidden', 'policy.invalid') ? 'forbidden' : isMissing ? 'missing' : 'failed'
  return { kind: 'failure', reason, message: messageOf(error).slice(0, MESSAGE_LENGTH_MAX) || 'nobody knows why' }
}
