/** How much may be under way or waiting at once. At least one item always is, whatever its weight. */
export interface ReadAheadOptions<Item, Result> {
  readonly start: (item: Item) => Promise<Result>
  readonly maxItems: number
  /** What an item counts against `maxWeight`, for instance the bytes it will hold. */
  readonly weightOf?: (item: Item) => number
  readonly maxWeight?: number
}

/** An item with what became of it. Failures are values, so that those nobody waits for any more do no harm. */
export type Settled<Item, Result> =
  | { readonly item: Item; readonly ok: true; readonly result: Result }
  | { readonly item: Item; readonly ok: false; readonly error: unknown }

/** Starts work on items ahead of its caller, within bounds, and gives the results in the order of the items. */
export async function* readAhead<Item, Result>(
  items: Iterable<Item>,
  options: ReadAheadOptions<Item, Result>,
): AsyncGenerator<Settled<Item, Result>> {
  const { start, maxItems, weightOf = () => 0, maxWeight = Number.POSITIVE_INFINITY } = options
  const underWay: { readonly weight: number; readonly settled: Promise<Settled<Item, Result>> }[] = []
  const iterator = Iterator.from(items)
  let weight = 0
  let next = iterator.next()
  for (;;) {
    while (next.done !== true && underWay.length < maxItems) {
      const item = next.value
      const itemWeight = weightOf(item)
      if (underWay.length > 0 && weight + itemWeight > maxWeight) break
      weight += itemWeight
      underWay.push({ weight: itemWeight, settled: settle(item, start) })
      next = iterator.next()
    }
    const first = underWay.shift()
    if (first === undefined) return
    yield await first.settled
    weight -= first.weight
  }
}

async function settle<Item, Result>(item: Item, start: (item: Item) => Promise<Result>): Promise<Settled<Item, Result>> {
  try {
    return { item, ok: true, result: await start(item) }
  } catch (error) {
    return { item, ok: false, error }
  }
}
