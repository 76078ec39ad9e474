import type { Schedule } from '@holdfast/protocol'
import { type Language, plural } from '../../app/language.tsx'
import { choiceOf, type ScheduleChoice, weekOf } from './schedule-choice.ts'

type Regular = Exclude<ScheduleChoice, { readonly kind: 'manual' | 'cron' }>

/** A schedule in words: `Every day at 02:30`. The time zone is not part of it. */
export function scheduleWords({ cron }: Pick<Schedule, 'cron'>, language: Language): string {
  const choice = choiceOf(cron)
  switch (choice.kind) {
    case 'manual':
      return language === 'ja' ? '手動のみ' : 'By hand only'
    case 'cron':
      return `cron: ${choice.cron}`
    default:
      return language === 'ja' ? wordsJapanese(choice) : wordsEnglish(choice)
  }
}

/** The same with the time zone that the times are in: `Every day at 02:30 (Asia/Tokyo)`. */
export function zonedScheduleWords(schedule: Pick<Schedule, 'cron' | 'timeZone'>, language: Language): string {
  const words = scheduleWords(schedule, language)
  if (schedule.cron === null) return words
  return language === 'ja' ? `${words}（${schedule.timeZone}）` : `${words} (${schedule.timeZone})`
}

/** Names of the days of the week, from Sunday. */
export function dayNames(language: Language, style: 'long' | 'short'): readonly string[] {
  const format = new Intl.DateTimeFormat(language, { weekday: style, timeZone: 'UTC' })
  // 4 January 1970 was a Sunday.
  return Array.from({ length: 7 }, (_, day) => format.format(new Date(Date.UTC(1970, 0, 4 + day))))
}

function wordsEnglish(choice: Regular): string {
  switch (choice.kind) {
    case 'interval': {
      const { everyMinutes, minute } = choice
      if (everyMinutes < 60) return `Every ${everyMinutes} minutes`
      const every = everyMinutes === 60 ? 'Every hour' : `Every ${plural(everyMinutes / 60, 'hour', 'hours')}`
      return minute === 0 ? `${every}, on the hour` : `${every}, ${plural(minute, 'minute', 'minutes')} past`
    }
    case 'daily':
      return `Every day at ${timeOf(choice)}`
    case 'weekly':
      return `${daysEnglish(choice.days)} at ${timeOf(choice)}`
    case 'monthly': {
      const day = choice.day === 'last' ? 'the last day' : `the ${ordinal(choice.day)}`
      return `On ${day} of every month at ${timeOf(choice)}`
    }
    default:
      return choice satisfies never
  }
}

function wordsJapanese(choice: Regular): string {
  switch (choice.kind) {
    case 'interval': {
      const { everyMinutes, minute } = choice
      if (everyMinutes < 60) return `${everyMinutes}分ごと`
      const every = everyMinutes === 60 ? '毎時' : `${everyMinutes / 60}時間ごと、`
      return everyMinutes === 60 ? `${every}${minute}分` : `${every}毎回${minute}分`
    }
    case 'daily':
      return `毎日 ${timeOf(choice)}`
    case 'weekly':
      return `${daysJapanese(choice.days)} ${timeOf(choice)}`
    case 'monthly':
      return `毎月${choice.day === 'last' ? '末日' : `${choice.day}日`} ${timeOf(choice)}`
    default:
      return choice satisfies never
  }
}

function daysEnglish(days: readonly number[]): string {
  const key = weekOf(days).join('')
  if (key === '12345') return 'On weekdays'
  if (key === '60') return 'At weekends'
  if (key === '1234560') return 'Every day'
  const names = dayNames('en', 'long')
  return `Every ${new Intl.ListFormat('en').format(weekOf(days).map((day) => names[day] ?? ''))}`
}

function daysJapanese(days: readonly number[]): string {
  const key = weekOf(days).join('')
  if (key === '12345') return '平日'
  if (key === '60') return '土日'
  if (key === '1234560') return '毎日'
  const names = dayNames('ja', 'short')
  return `毎週${weekOf(days)
    .map((day) => names[day] ?? '')
    .join('・')}曜日`
}

function ordinal(day: number): string {
  const endings = { one: 'st', two: 'nd', few: 'rd', many: 'th', other: 'th', zero: 'th' }
  return `${day}${endings[new Intl.PluralRules('en', { type: 'ordinal' }).select(day)]}`
}

function timeOf({ hour, minute }: { readonly hour: number; readonly minute: number }): string {
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
}
