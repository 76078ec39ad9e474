/** Consecutive places of a list, both ends included. */
export interface PlaceRange {
  readonly first: number
  readonly last: number
}

/**
 * The pages that hold what is seen, and those around it to both sides, nearest first, so that what is seen is asked for first. `ahead` says
 * how many places beyond the edges are wanted.
 */
export function pagesAround(
  seen: PlaceRange,
  options: { readonly count: number; readonly pageSize: number; readonly ahead: number },
): readonly number[] {
  const { count, pageSize, ahead } = options
  const lastPage = Math.max(0, Math.ceil(count / pageSize) - 1)
  const pageOf = (place: number): number => Math.min(lastPage, Math.max(0, Math.floor(place / pageSize)))
  const [from, to] = [pageOf(seen.first), pageOf(seen.last)]
  const [least, most] = [pageOf(seen.first - ahead), pageOf(seen.last + ahead)]
  const pages = Array.from({ length: most - least + 1 }, (_, index) => least + index)
  const distance = (page: number): number => (page < from ? from - page : page > to ? page - to : 0)
  return pages.sort((a, b) => distance(a) - distance(b) || a - b)
}
