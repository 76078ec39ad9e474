import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactElement, type ReactNode, useEffect, useRef } from 'react'
import classes from './virtual-list.module.css'

export interface VirtualListProps<Item> {
  readonly items: readonly Item[]
  readonly keyOf: (item: Item) => string | number
  /** About how high a row is; rows are measured when they are shown. */
  readonly rowHeight: number
  readonly children: (item: Item, index: number) => ReactNode
  /** Height of the list on the page, as CSS. */
  readonly height?: string
  readonly label: string
  /** Called when the end comes near, again and again until there is more. */
  readonly onNearEnd?: () => void
}

/** Rows kept ready beyond what is seen: fast scrolling meets no blanks. */
const OVERSCAN = 12
/** So many rows before the end more is asked for. */
const NEAR_ROWS = 60

/** A list of any length of which only what is seen is on the page. */
export function VirtualList<Item>(props: VirtualListProps<Item>): ReactElement {
  const { items, keyOf, rowHeight, children, height = 'min(70vh, 48rem)', label, onNearEnd } = props
  const frame = useRef<HTMLElement>(null)
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: OVERSCAN,
    getItemKey: (index) => {
      const item = items[index]
      return item === undefined ? index : keyOf(item)
    },
  })
  const rows = virtualizer.getVirtualItems()
  const last = rows.at(-1)?.index ?? 0
  useEffect(() => {
    if (last >= items.length - NEAR_ROWS) onNearEnd?.()
  }, [last, items.length, onNearEnd])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section ref={frame} className={classes.frame} style={{ maxHeight: height }} tabIndex={0} aria-label={label}>
      <ul className={classes.rows} style={{ height: virtualizer.getTotalSize() }} aria-label={label}>
        {rows.map(({ index, key, start }) => {
          const item = items[index]
          return item === undefined ? null : (
            <li
              key={key}
              data-index={index}
              ref={virtualizer.measureElement}
              className={classes.row}
              style={{ transform: `translateY(${start}px)` }}
              aria-setsize={items.length}
              aria-posinset={index + 1}
            >
              {children(item, index)}
            </li>
          )
        })}
      </ul>
    </section>
  )
}
