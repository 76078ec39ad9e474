/** More is not kept: whoever has chosen so much has a tab that stays open. */
const CHARACTERS_MAX = 100_000

/** Where the selection of a machine is kept while the tab is open. */
export type SelectionStore = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/** What was chosen of a machine before the page was loaded again; nothing when there is nothing that can be used. */
export function keptSelection(clientId: number, store: SelectionStore = sessionStorage): readonly string[] {
  try {
    const kept: unknown = JSON.parse(store.getItem(keyOf(clientId)) ?? '[]')
    return Array.isArray(kept) ? kept.filter((path): path is string => typeof path === 'string' && path.startsWith('/')) : []
  } catch {
    return []
  }
}

/** Keeps what is chosen of a machine, until the tab is closed or nothing is chosen. */
export function keepSelection(clientId: number, paths: readonly string[], store: SelectionStore = sessionStorage): void {
  const text = JSON.stringify(paths)
  try {
    if (paths.length === 0 || text.length > CHARACTERS_MAX) store.removeItem(keyOf(clientId))
    else store.setItem(keyOf(clientId), text)
  } catch {
    // A browser that keeps nothing: the selection lasts as long as the page.
  }
}

function keyOf(clientId: number): string {
  return `holdfast-welcome-paths-${clientId}`
}
