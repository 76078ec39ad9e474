import { join } from 'node:path'
import { EngineError } from '../../errors.ts'

/** A repository in a folder of this machine. */
export interface LocalLocation {
  readonly scheme: 'local'
  readonly display: string
  readonly folder: string
}

/** Reads `local:PATH`, or a plain path where it cannot be taken for another scheme. */
export function parseLocalLocation(text: string): LocalLocation {
  const folder = text.startsWith('local:') ? text.slice('local:'.length) : text
  if (folder === '' || folder.includes('\0')) throw new EngineError('storage.location', 'Cannot open the repository: its path is empty')
  return { scheme: 'local', display: text.startsWith('local:') ? text : folder, folder }
}

/** The folder `name` in the folder of a location. */
export function localLocationBelow(location: LocalLocation, name: string): LocalLocation {
  return parseLocalLocation(`local:${join(location.folder, name)}`)
}

/** Whether a text without a known scheme must be a path: absolute, relative to here, or without a colon. */
export function looksLikePath(text: string): boolean {
  return text.startsWith('/') || text.startsWith('./') || text.startsWith('../') || !text.includes(':')
}
