import { now } from '../app/clock.ts'
import { type Language, useLanguage } from '../app/language.tsx'
import { writtenDistance, writtenNumber } from './written-numbers.ts'

/** Figures and times as people of a language write them, in the browser's time zone. */
export interface Format {
  /** In units of 1024: `1.5 GiB`. */
  bytes(value: number): string
  count(value: number): string
  /** Of a share between 0 and 1. */
  percent(share: number): string
  /** `1 h 5 min`, two units at most. */
  duration(milliseconds: number): string
  /** `5 minutes ago`, `in 3 hours`. */
  relative(at: string): string
  /** Day, time to the second, and the zone. */
  exact(at: string): string
  /** Day and minute. */
  moment(at: string): string
  /** Day and second: where several things may come within a minute. */
  second(at: string): string
  day(at: string): string
  time(at: string): string
  /** Time of day to the second. */
  timeToSecond(at: string): string
}

/** How the language of the pages writes figures and times. */
export function useFormat(): Format {
  const { language } = useLanguage()
  const known = FORMATS.get(language) ?? formatOf(language)
  FORMATS.set(language, known)
  return known
}

/** Made once for each language: what writes figures is costly to make, and a page has hundreds of them. */
const FORMATS = new Map<Language, Format>()

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

function formatOf(language: Language): Format {
  const dates = (options: Intl.DateTimeFormatOptions): ((at: string) => string) => {
    const format = once(() => new Intl.DateTimeFormat(language, options))
    return (at) => format().format(new Date(at))
  }
  return {
    bytes: bytesOf,
    count: (value) => writtenNumber(value),
    percent: (share) => `${writtenNumber(share * 100, 1)}%`,
    duration: (milliseconds) => durationOf(milliseconds, language),
    relative: (at) => relativeOf(Date.parse(at) - now(), language),
    exact: dates({ dateStyle: 'full', timeStyle: 'long' }),
    moment: dates({ dateStyle: 'medium', timeStyle: 'short' }),
    second: dates({ dateStyle: 'medium', timeStyle: 'medium' }),
    day: dates({ dateStyle: 'medium' }),
    time: dates({ timeStyle: 'short' }),
    timeToSecond: dates({ timeStyle: 'medium' }),
  }
}

/** Makes it when it is first wanted: what writes dates is costly, and a page needs little of it before it is seen. */
function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

function bytesOf(value: number): string {
  const power = value < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(value) / 10))
  const scaled = value / 1024 ** power
  const maximumFractionDigits = power === 0 || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2
  return `${writtenNumber(scaled, maximumFractionDigits)} ${UNITS[power] ?? ''}`
}

function durationOf(milliseconds: number, language: Language): string {
  const words = language === 'ja' ? { d: '日', h: '時間', m: '分', s: '秒', gap: '' } : { d: ' d', h: ' h', m: ' min', s: ' s', gap: ' ' }
  if (milliseconds < 10 * SECOND) return `${writtenNumber(milliseconds / SECOND, 1)}${words.s}`
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(milliseconds / DAY), words.d],
    [Math.floor(milliseconds / HOUR) % 24, words.h],
    [Math.floor(milliseconds / MINUTE) % 60, words.m],
    [Math.floor(milliseconds / SECOND) % 60, words.s],
  ]
  const first = parts.findIndex(([amount]) => amount > 0)
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(words.gap)
}

function relativeOf(difference: number, language: Language): string {
  const distance = Math.abs(difference)
  if (distance < 45 * SECOND) return writtenDistance(Math.round(difference / SECOND / 15) * 15 || 0, 'second', language)
  if (distance < 45 * MINUTE) return writtenDistance(Math.round(difference / MINUTE), 'minute', language)
  if (distance < 22 * HOUR) return writtenDistance(Math.round(difference / HOUR), 'hour', language)
  if (distance < 45 * DAY) return writtenDistance(Math.round(difference / DAY), 'day', language)
  if (distance < 600 * DAY) return writtenDistance(Math.round(difference / DAY / 30.4), 'month', language)
  return writtenDistance(Math.round(difference / DAY / 365.25), 'year', language)
}
