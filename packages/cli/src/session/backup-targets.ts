import { lstatSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  type ByteString,
  displayText,
  expandSourcePattern,
  readRawSources,
  readSourceLines,
  readSourcePatterns,
  systemPath,
} from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { pathArgument } from '../command-line/path-argument.ts'
import type { Printer } from '../output/printer.ts'
import type { Terminal } from '../output/terminal.ts'
import { readNamedFile } from './text-file.ts'

/** Where the paths to back up are named. */
export interface TargetLists {
  readonly args: readonly string[]
  /** Files with patterns, one a line. */
  readonly filesFrom: readonly string[]
  /** Files with paths, one a line. */
  readonly filesFromVerbatim: readonly string[]
  /** Files with paths, each ended by a zero byte. */
  readonly filesFromRaw: readonly string[]
}

/** What a backup is of. */
export interface BackupTargets {
  /** As the user named them. */
  readonly paths: readonly ByteString[]
  /** As the snapshot shows them: absolute. */
  readonly absolutePaths: readonly string[]
  /** Some that were named do not exist or cannot be reached; a warning was given. */
  readonly someMissing: boolean
}

/**
 * The paths that arguments and lists name, without those that do not exist.
 * @throws {CommandFailure} when nothing is named or nothing of it exists.
 */
export async function collectTargets(
  lists: TargetLists,
  parts: { readonly printer: Printer; readonly terminal: Terminal },
): Promise<BackupTargets> {
  const { printer } = parts
  const read = (file: string): Promise<Uint8Array> => (file === '-' ? readAll(parts.terminal) : readNamedFile(file))
  const named: ByteString[] = []
  for (const file of lists.filesFrom) for (const pattern of readSourcePatterns(await read(file))) named.push(...expand(pattern, printer))
  for (const file of lists.filesFromVerbatim) named.push(...readSourceLines(await read(file)))
  for (const file of lists.filesFromRaw) named.push(...readRawSources(await read(file)))
  named.push(...lists.args.map(pathArgument))
  if (named.length === 0) throw new CommandFailure('usage', 'nothing to backup, please specify source files/dirs')
  const paths = named.filter((path) => isReachable(path, printer))
  if (paths.length === 0) throw new CommandFailure('failed', 'all source directories/files do not exist')
  return { paths, absolutePaths: paths.map((path) => resolve(displayText(path))), someMissing: paths.length < named.length }
}

/** The devices that targets are on, for `--one-file-system`. */
export function devicesOf(paths: readonly ByteString[]): readonly number[] {
  return [...new Set(paths.map((path) => lstatSync(systemPath(path)).dev))]
}

function expand(pattern: ByteString, printer: Printer): readonly ByteString[] {
  const expanded = expandSourcePattern(pattern)
  if (expanded.length === 0) printer.warn(`pattern ${JSON.stringify(displayText(pattern))} does not match any files, skipping`)
  return expanded
}

function isReachable(path: ByteString, printer: Printer): boolean {
  try {
    lstatSync(systemPath(path))
    return true
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    printer.warn(`${displayText(path)} ${isMissing ? 'does not exist' : 'cannot be accessed'}, skipping`)
    return false
  }
}

async function readAll({ input }: Terminal): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of input) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}
