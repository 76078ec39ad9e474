import type { Retention } from '@holdfast/protocol'
import type { Language } from '../../app/language.tsx'
import { plural } from '../../app/language.tsx'

const UNITS = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const

/** Whether a retention says that anything goes. Null keeps everything, and so does one without a rule. */
export function keepsEverything(retention: Retention | null): boolean {
  return retention === null || Object.values(retention).every((count) => count === undefined)
}

/** A retention in one sentence without full stop: `the newest 10 snapshots, and one for each of the last 7 days`. */
export function retentionWords(retention: Retention | null, language: Language): string {
  const parts = [language === 'ja' ? limitJapanese(retention ?? {}) : limitEnglish(retention ?? {})].filter((part) => part !== '')
  const counts = language === 'ja' ? countsJapanese(retention ?? {}) : countsEnglish(retention ?? {})
  if (counts !== '') parts.push(counts)
  if (parts.length === 0) return language === 'ja' ? 'すべて保持' : 'keeps everything'
  return language === 'ja' ? `${parts.join('、さらに')}を保持` : `keeps ${parts.join(', and besides ')}`
}

function limitEnglish({ versions, days }: Retention): string {
  if (versions !== undefined && days !== undefined) return `the newest ${versions} if not older than ${plural(days, 'day', 'days')}`
  if (versions !== undefined) return versions === 1 ? 'the newest snapshot' : `the newest ${versions} snapshots`
  if (days !== undefined) return days === 1 ? 'those of the last day' : `those of the last ${days} days`
  return ''
}

function limitJapanese({ versions, days }: Retention): string {
  if (versions !== undefined && days !== undefined) return `${days}日以内の最新${versions}件`
  if (versions !== undefined) return `最新${versions}件`
  return days === undefined ? '' : `直近${days}日分`
}

function countsEnglish(retention: Retention): string {
  const words = {
    hourly: ['hour', 'hours'],
    daily: ['day', 'days'],
    weekly: ['week', 'weeks'],
    monthly: ['month', 'months'],
    yearly: ['year', 'years'],
  }
  const parts = UNITS.flatMap((unit) => {
    const [one = '', many = ''] = words[unit]
    const count = retention[unit]
    return count === undefined ? [] : [plural(count, one, many)]
  })
  return parts.length === 0 ? '' : `one for each of the last ${new Intl.ListFormat('en').format(parts)}`
}

function countsJapanese(retention: Retention): string {
  const words = { hourly: '時間', daily: '日', weekly: '週', monthly: 'か月', yearly: '年' }
  const parts = UNITS.flatMap((unit) => (retention[unit] === undefined ? [] : [`${retention[unit]}${words[unit]}`]))
  return parts.length === 0 ? '' : `直近${parts.join('・')}のそれぞれ1件`
}
