/** The units of amounts of bytes, each 1024 times the one before. */
export const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** As somebody enters it: an amount, '' for none, in a unit by its place in {@link BYTE_UNITS}. */
export interface EnteredBytes {
  readonly amount: number | string
  readonly unit: number
}

/** Why what was entered is no amount of bytes. */
export type BytesFault = 'notAmount' | 'notWholeBytes' | 'tooMuch'

/** What nobody takes for an amount: it stands for what is none, so that it cannot be saved. */
const NO_AMOUNT = -1
const USUAL_UNIT = 2

/**
 * The bytes that were entered; undefined for none. With a fault, they are a number that is refused wherever bytes are asked for: what is
 * wrong is never taken for no limit.
 */
export function bytesOf({ amount, unit }: EnteredBytes): { readonly bytes: number | undefined; readonly fault?: BytesFault } {
  if (amount === '') return { bytes: undefined }
  const bytes = Number(amount) * 1024 ** unit
  if (!Number.isFinite(bytes) || bytes < 0) return { bytes: NO_AMOUNT, fault: 'notAmount' }
  if (bytes > Number.MAX_SAFE_INTEGER) return { bytes, fault: 'tooMuch' }
  if (unit === 0 && !Number.isInteger(bytes)) return { bytes, fault: 'notWholeBytes' }
  return { bytes: bytes === 0 ? 0 : Math.max(1, Math.round(bytes)) }
}

/** How bytes are shown: what was entered for as long as it means them, otherwise in the largest unit of which they are a whole number. */
export function shownBytes(bytes: number | undefined, entered: EnteredBytes | undefined): EnteredBytes {
  if (entered !== undefined && bytesOf(entered).bytes === bytes) return entered
  if (bytes === undefined || bytes === NO_AMOUNT) return { amount: '', unit: entered?.unit ?? USUAL_UNIT }
  let unit = 0
  while (unit < BYTE_UNITS.length - 1 && bytes !== 0 && bytes % 1024 ** (unit + 1) === 0) unit++
  return { amount: bytes / 1024 ** unit, unit }
}
