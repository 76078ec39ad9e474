import { EngineError } from '../errors.ts'
import { parseByteSize } from '../format/byte-size.ts'
import type { PackId } from '../format/ids.ts'
import { randomFraction } from '../host/random.ts'

/**
 * Which packs a check reads whole: part `part` (from 1) of `parts`, so that all parts together are all packs; or a random choice by share
 * or by size.
 */
export type ReadDataSubset =
  | { readonly kind: 'part'; readonly part: number; readonly parts: number }
  | { readonly kind: 'share'; readonly percent: number }
  | { readonly kind: 'size'; readonly sizeBytes: number }

/** Packs are divided by the first byte of their ids. */
const PARTS_MAX = 256

/**
 * Reads the value of `--read-data-subset`: `n/t`, `x%` (above 0, at most 100) or a size such as `50M`, which needs a unit. restic's rules.
 *
 * @throws EngineError `input.invalid`
 */
export function parseReadDataSubset(text: string): ReadDataSubset {
  if (/^[\d/]+$/.test(text)) return parsePart(text)
  if (text.endsWith('%')) return parseShare(text)
  const sizeBytes = parseByteSize(text)
  if (sizeBytes === 0) throw invalidSubset(text, 'a size must be above 0')
  return { kind: 'size', sizeBytes }
}

/**
 * The packs of a subset, of all `packs` with their sizes in bytes. Random choices take a share of the number of packs, rounded down but at
 * least one; for a size it is the share that the size has in the whole.
 */
export function selectPacks(packs: ReadonlyMap<PackId, number>, subset: ReadDataSubset): PackId[] {
  const ids = [...packs.keys()]
  switch (subset.kind) {
    case 'part':
      return ids.filter((id) => Number.parseInt(id.slice(0, 2), 16) % subset.parts === subset.part - 1)
    case 'share':
      return chooseShare(ids, subset.percent)
    case 'size': {
      const totalBytes = packs.values().reduce((sum, sizeBytes) => sum + sizeBytes, 0)
      return totalBytes === 0 ? ids : chooseShare(ids, (Math.min(subset.sizeBytes, totalBytes) / totalBytes) * 100)
    }
  }
}

function parsePart(text: string): ReadDataSubset {
  const [part, parts, ...others] = text.split('/').map((digits) => (digits === '' ? Number.NaN : Number(digits)))
  if (part === undefined || parts === undefined || others.length > 0 || Number.isNaN(part + parts)) {
    throw invalidSubset(text, 'neither n/t, a percentage nor a size with a unit')
  }
  if (part < 1 || part > parts) throw invalidSubset(text, 'n/t needs n from 1 to t')
  if (parts > PARTS_MAX) throw invalidSubset(text, `t is at most ${PARTS_MAX}`)
  return { kind: 'part', part, parts }
}

function parseShare(text: string): ReadDataSubset {
  const digits = text.slice(0, -1)
  const percent = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(digits) ? Number(digits) : Number.NaN
  if (!(percent > 0 && percent <= 100)) throw invalidSubset(text, 'a percentage is above 0 and at most 100')
  return { kind: 'share', percent }
}

function chooseShare(ids: readonly PackId[], percent: number): PackId[] {
  const count = Math.min(ids.length, Math.max(1, Math.trunc(ids.length * (percent / 100))))
  const chosen = [...ids]
  for (let index = 0; index < count; index++) {
    const other = index + Math.floor(randomFraction() * (chosen.length - index))
    const [here, there] = [chosen[index], chosen[other]]
    if (here !== undefined && there !== undefined) [chosen[index], chosen[other]] = [there, here]
  }
  return chosen.slice(0, count)
}

function invalidSubset(text: string, state: string): EngineError {
  return new EngineError('input.invalid', `Cannot read subset of data ${JSON.stringify(text.slice(0, 64))}: ${state}`)
}
