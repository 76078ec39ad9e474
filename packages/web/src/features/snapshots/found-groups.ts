import type { FoundFile } from '@holdfast/protocol'

/** A line of what was found: a client, or a file of it. */
export type FoundRow =
  | { readonly kind: 'client'; readonly clientId: number | null; readonly name: string | null }
  | { readonly kind: 'file'; readonly file: FoundFile }

/** Files with a line before those of each client; the server gives them by client. */
export function foundRows(files: readonly FoundFile[]): readonly FoundRow[] {
  const groups = Map.groupBy(files, ({ clientId }) => clientId)
  return [...groups].flatMap(([clientId, ofClient]): FoundRow[] => [
    { kind: 'client', clientId, name: ofClient[0]?.clientName ?? null },
    ...ofClient.map((file) => ({ kind: 'file' as const, file })),
  ])
}
