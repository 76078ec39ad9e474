import type { Retention } from '@holdfast/protocol'
import { describe, expect, it } from 'vitest'
import { keepsEverything, retentionWords } from './retention-words.ts'

describe('retentionWords', () => {
  it.each<[Retention | null, string, string]>([
    [null, 'keeps everything', 'すべて保持'],
    [{}, 'keeps everything', 'すべて保持'],
    [{ versions: 1 }, 'keeps the newest snapshot', '最新1件を保持'],
    [{ versions: 10 }, 'keeps the newest 10 snapshots', '最新10件を保持'],
    [{ days: 30 }, 'keeps those of the last 30 days', '直近30日分を保持'],
    [{ versions: 10, days: 1 }, 'keeps the newest 10 if not older than 1 day', '1日以内の最新10件を保持'],
    [
      { daily: 7, weekly: 4, yearly: 1 },
      'keeps one for each of the last 7 days, 4 weeks, and 1 year',
      '直近7日・4週・1年のそれぞれ1件を保持',
    ],
    [
      { days: 3, monthly: 12 },
      'keeps those of the last 3 days, and besides one for each of the last 12 months',
      '直近3日分、さらに直近12か月のそれぞれ1件を保持',
    ],
  ])('%o', (retention, english, japanese) => {
    expect([retentionWords(retention, 'en'), retentionWords(retention, 'ja')]).toEqual([english, japanese])
  })

  it('knows what keeps everything', () => {
    expect([null, {}, { versions: undefined }, { daily: 1 }].map((one) => keepsEverything(one as Retention | null))).toEqual([
      true,
      true,
      true,
      false,
    ])
  })
})
