/** The middle one of the numbers, or the mean of the two in the middle. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Seconds as tables show them, with three digits. */
export function seconds(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

/** Megabytes of a million bytes. */
export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0)
}

/** A quotient or another figure without a unit, with three digits. */
export function ratio(value: number): string {
  return value.toFixed(value >= 10 ? 1 : value < 1.1 && value > 0.9 ? 3 : 2)
}
