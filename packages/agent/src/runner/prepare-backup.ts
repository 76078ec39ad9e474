import { lstatSync } from 'node:fs'
import {
  type BackupOptions,
  byteStringOf,
  CACHE_MARKER,
  EngineError,
  messageOf,
  parseExclusionMarker,
  type SelectionRules,
} from '@holdfast/engine'
import type { PlanDefinition, Selection } from '@holdfast/protocol'

/** What a backup is told by its plan, whatever kind of repository it goes to. */
export type PlannedBackup = Required<Pick<BackupOptions, 'targets' | 'absolutePaths' | 'rules' | 'tags' | 'compression' | 'excludes'>>

/**
 * Makes of a plan what the engine backs up. Paths that do not exist are told and left out.
 * @param options.leftOut Absolute paths that stay out beside what the plan excludes.
 * @throws {EngineError} `source.missing` when nothing of it exists.
 */
export function prepareBackup(
  { selection, tags, compression }: Pick<PlanDefinition, 'selection' | 'tags' | 'compression'>,
  options: { readonly leftOut: readonly string[]; readonly onMissing: (message: string) => void },
): PlannedBackup {
  const paths = selection.paths.filter((path) => isThere(path, options.onMissing))
  if (paths.length === 0) {
    throw new EngineError('source.missing', `Cannot back up ${selection.paths.join(', ')}: nothing of it can be reached`)
  }
  return {
    targets: paths.map((path) => byteStringOf(path)),
    absolutePaths: paths,
    rules: rulesOf(selection, { paths, leftOut: options.leftOut }),
    excludes: [...selection.excludes, ...selection.caseInsensitiveExcludes],
    tags,
    compression,
  }
}

function rulesOf(selection: Selection, parts: { readonly paths: readonly string[]; readonly leftOut: readonly string[] }): SelectionRules {
  const markers = selection.excludeIfPresent.map((marker) => parseExclusionMarker(byteStringOf(marker)))
  const { excludeLargerThanBytes } = selection
  return {
    excludes: [...selection.excludes, ...parts.leftOut.map(patternFor)].map((pattern) => byteStringOf(pattern)),
    caseInsensitiveExcludes: selection.caseInsensitiveExcludes.map((pattern) => byteStringOf(pattern)),
    markers: selection.excludeCaches ? [...markers, CACHE_MARKER] : markers,
    ...(excludeLargerThanBytes === undefined ? {} : { excludeLargerThanBytes }),
    ...(selection.oneFileSystem ? { devices: [...new Set(parts.paths.map((path) => lstatSync(path).dev))] } : {}),
  }
}

function isThere(path: string, onMissing: (message: string) => void): boolean {
  try {
    lstatSync(path)
    return true
  } catch (error) {
    onMissing(`${path} cannot be reached: ${messageOf(error)}`)
    return false
  }
}

/** A pattern that fits a path and what is below it, and nothing else. */
function patternFor(path: string): string {
  return path.replaceAll(/[\\*?[\]]/g, '\\$&')
}
