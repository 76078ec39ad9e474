import type { Retention } from '@holdfast/protocol'
import type { StoredFile } from '../store.ts'

const DAY_MS = 86_400_000

/**
 * Versions that go, by the rules of the Backup Service: whichever of age and number removes more, and what came with the newest upload of a
 * path over what counts for the client. The newest of a path never goes. What waits to become part of a snapshot takes no part: nothing
 * goes for its sake before it is safe in the repository.
 */
export function expiredVersions(
  files: readonly StoredFile[],
  { retention, now }: { readonly retention: Retention | null; readonly now: number },
): StoredFile[] {
  const stored = files.filter(({ spool_path }) => spool_path === null)
  return [...Map.groupBy(stored, ({ path }) => path).values()].flatMap((versions) => {
    const [newest, ...older] = versions.toSorted((a, b) => b.uploaded_at - a.uploaded_at || b.id - a.id)
    const days = newest?.retention_days ?? retention?.days
    const count = newest?.retention_versions ?? retention?.versions
    return older.filter((file, index) => {
      const isOld = days !== undefined && now - file.uploaded_at > days * DAY_MS
      const isBeyond = count !== undefined && index + 2 > count
      return isOld || isBeyond
    })
  })
}
