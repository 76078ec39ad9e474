const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const
const DIGITS = 2

/** A size as messages say it, in the unit that suits it: `13 bytes`, `1 GiB`, `2.13 TiB`. */
export function sizeInWords(sizeBytes: number): string {
  let unit = 0
  let amount = sizeBytes
  // What would be rounded to 1024 is one of the next unit.
  while (unit < UNITS.length - 1 && Number(amount.toFixed(DIGITS)) >= 1024) {
    amount /= 1024
    unit += 1
  }
  return `${Number(amount.toFixed(DIGITS))} ${amount === 1 && unit === 0 ? 'byte' : UNITS[unit]}`
}
