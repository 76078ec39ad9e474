import type { ByteString } from '../../format/byte-string.ts'
import type { RestoreRequest } from './restore-request.ts'

/**
 * Selects these paths of a snapshot and all below them, and nothing of the folders on the way to them. Everything when there are none, or
 * the root is one.
 */
export function selectPaths(paths: readonly ByteString[]): Pick<RestoreRequest, 'select'> {
  if (paths.length === 0 || paths.some((path) => path === '/')) return {}
  return {
    select: (path) => {
      const selected = isWithin(path, paths)
      return { selected, childMayBeSelected: selected || path === '/' || paths.some((one) => one.startsWith(`${path}/`)) }
    },
  }
}

/** Whether a path is one of these folders, or below one. */
export function isWithin(path: ByteString, folders: readonly ByteString[]): boolean {
  return folders.some((folder) => path === folder || folder === '/' || path.startsWith(`${folder}/`))
}
