/** What a key does in a list of files. */
export type FolderCommand =
  | { readonly kind: 'move'; readonly to: number; readonly extends: boolean }
  | { readonly kind: 'open' | 'up' | 'toggle' | 'all' | 'none' }
  | { readonly kind: 'letter'; readonly letter: string }

/** As much of a keyboard event as matters. */
export interface PressedKey {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
  readonly shiftKey: boolean
}

export interface KeyPlace {
  /** Where the cursor is; undefined before it was anywhere. */
  readonly cursor: number | undefined
  readonly count: number
  /** Rows that are seen at once. */
  readonly pageRows: number
  /** Whether letters were typed a moment ago, so that a blank belongs to them. */
  readonly isTyping: boolean
}

/** What a key stands for; undefined where it means nothing here and is left to the browser. */
export function commandOf(pressed: PressedKey, place: KeyPlace): FolderCommand | undefined {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = pressed
  if (altKey) return key === 'ArrowUp' ? { kind: 'up' } : undefined
  if (ctrlKey || metaKey) return key.toLowerCase() === 'a' ? { kind: 'all' } : undefined
  const target = targetOf(key, place)
  if (target !== undefined) return { kind: 'move', to: Math.min(Math.max(target, 0), place.count - 1), extends: shiftKey }
  switch (key) {
    case 'Enter':
    case 'ArrowRight':
      return { kind: 'open' }
    case 'Backspace':
    case 'ArrowLeft':
      return { kind: 'up' }
    case 'Escape':
      return { kind: 'none' }
    case ' ':
      return place.isTyping ? { kind: 'letter', letter: key } : { kind: 'toggle' }
    default:
      return [...key].length === 1 ? { kind: 'letter', letter: key } : undefined
  }
}

function targetOf(key: string, { cursor, count, pageRows }: KeyPlace): number | undefined {
  if (count === 0) return undefined
  switch (key) {
    case 'ArrowDown':
      return cursor === undefined ? 0 : cursor + 1
    case 'ArrowUp':
      return cursor === undefined ? 0 : cursor - 1
    case 'PageDown':
      return (cursor ?? 0) + pageRows
    case 'PageUp':
      return (cursor ?? 0) - pageRows
    case 'Home':
      return 0
    case 'End':
      return count - 1
    default:
      return undefined
  }
}
