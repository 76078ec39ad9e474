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

const JAPANESE: Readonly<Record<DistanceUnit, string>> = {
  second: ' 秒',
  minute: ' 分',
  hour: ' 時間',
  day: ' 日',
  month: ' か月',
  year: ' 年',
}

/**
 * `5 minutes ago`, `in 3 hours`, `in 1 day`: whole units from now, before it where they are less than 0. Never `tomorrow`: what is 35 hours
 * away may be on the day after that.
 */
export function writtenDistance(amount: number, unit: DistanceUnit, language: Language): string {
  if (amount === 0) return language === 'ja' ? '今' : 'now'
  const count = writtenNumber(Math.abs(amount))
  if (language === 'ja') return `${count}${JAPANESE[unit]}${amount < 0 ? '前' : '後'}`
  const distance = `${count} ${unit}${Math.abs(amount) === 1 ? '' : 's'}`
  return amount < 0 ? `${distance} ago` : `in ${distance}`
}
