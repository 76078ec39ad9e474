import type { Language } from '../app/language.tsx'

/**
 * A number with at most `digitsMax` digits after the point, as both languages write it: `1,234.5`. What the browser has for this takes as
 * long at its first use as a whole page takes to be drawn.
 */
export function writtenNumber(value: number, digitsMax = 3): string {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e15) return value.toLocaleString('en')
  const [whole = '', part = ''] = Math.abs(value).toFixed(digitsMax).split('.')
  const digits = part.replace(/0+$/, '')
  const text = `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${digits === '' ? '' : `.${digits}`}`
  return value < 0 && /[1-9]/.test(text) ? `-${text}` : text
}

/** Units of times that are told by their distance. */
export type DistanceUnit = 'second' | 'minute' | 'hour' | 'day' | 'month' | 'year'

interface UnitWords {
  /** Those near to now that have names, by their amounts. */
  readonly near: Readonly<Record<number, string>>
  readonly unit: string
}

const ENGLISH: Readonly<Record<DistanceUnit, UnitWords>> = {
  second: { near: { 0: 'now' }, unit: 'second' },
  minute: { near: { 0: 'this minute' }, unit: 'minute' },
  hour: { near: { 0: 'this hour' }, unit: 'hour' },
  day: { near: { '-1': 'yesterday', 0: 'today', 1: 'tomorrow' }, unit: 'day' },
  month: { near: { '-1': 'last month', 0: 'this month', 1: 'next month' }, unit: 'month' },
  year: { near: { '-1': 'last year', 0: 'this year', 1: 'next year' }, unit: 'year' },
}

const JAPANESE: Readonly<Record<DistanceUnit, UnitWords>> = {
  second: { near: { 0: '今' }, unit: ' 秒' },
  minute: { near: { 0: '1 分以内' }, unit: ' 分' },
  hour: { near: { 0: '1 時間以内' }, unit: ' 時間' },
  day: { near: { '-2': '一昨日', '-1': '昨日', 0: '今日', 1: '明日', 2: '明後日' }, unit: ' 日' },
  month: { near: { '-1': '先月', 0: '今月', 1: '来月' }, unit: ' か月' },
  year: { near: { '-1': '昨年', 0: '今年', 1: '来年' }, unit: ' 年' },
}

/** `5 minutes ago`, `in 3 hours`, `yesterday`: whole units from now, before it where they are less than 0. */
export function writtenDistance(amount: number, unit: DistanceUnit, language: Language): string {
  const words = (language === 'ja' ? JAPANESE : ENGLISH)[unit]
  const near = words.near[amount]
  if (near !== undefined) return near
  const count = writtenNumber(Math.abs(amount))
  if (language === 'ja') return `${count}${words.unit}${amount < 0 ? '前' : '後'}`
  const distance = `${count} ${words.unit}${Math.abs(amount) === 1 ? '' : 's'}`
  return amount < 0 ? `${distance} ago` : `in ${distance}`
}
