import { describe, expect, it } from 'vitest'
import { dayNames, scheduleWords, zonedScheduleWords } from './schedule-words.ts'

describe('scheduleWords', () => {
  it.each<[string | null, string, string]>([
    [null, 'By hand only', '手動のみ'],
    ['*/15 * * * *', 'Every 15 minutes', '15分ごと'],
    ['0 * * * *', 'Every hour, on the hour', '毎時0分'],
    ['7 * * * *', 'Every hour, 7 minutes past', '毎時7分'],
    ['0 */6 * * *', 'Every 6 hours, on the hour', '6時間ごと、毎回0分'],
    ['1 */2 * * *', 'Every 2 hours, 1 minute past', '2時間ごと、毎回1分'],
    ['30 2 * * *', 'Every day at 02:30', '毎日 02:30'],
    ['0 22 * * 1-5', 'On weekdays at 22:00', '平日 22:00'],
    ['0 22 * * 0,6', 'At weekends at 22:00', '土日 22:00'],
    ['0 22 * * 0-6', 'Every day at 22:00', '毎日 22:00'],
    ['0 22 * * 0', 'Every Sunday at 22:00', '毎週日曜日 22:00'],
    ['0 22 * * 5,1,3', 'Every Monday, Wednesday, and Friday at 22:00', '毎週月・水・金曜日 22:00'],
    ['5 4 1 * *', 'On the 1st of every month at 04:05', '毎月1日 04:05'],
    ['5 4 22 * *', 'On the 22nd of every month at 04:05', '毎月22日 04:05'],
    ['5 4 13 * *', 'On the 13th of every month at 04:05', '毎月13日 04:05'],
    ['5 4 L * *', 'On the last day of every month at 04:05', '毎月末日 04:05'],
    ['0 3 */2 * *', 'cron: 0 3 */2 * *', 'cron: 0 3 */2 * *'],
  ])('%s', (cron, english, japanese) => {
    expect([scheduleWords({ cron }, 'en'), scheduleWords({ cron }, 'ja')]).toEqual([english, japanese])
  })

  it('names the zone of times, where there are any', () => {
    expect(zonedScheduleWords({ cron: '30 0 * * *', timeZone: 'Asia/Tokyo' }, 'en')).toBe('Every day at 00:30 (Asia/Tokyo)')
    expect(zonedScheduleWords({ cron: '30 0 * * *', timeZone: 'Asia/Tokyo' }, 'ja')).toBe('毎日 00:30（Asia/Tokyo）')
    expect(zonedScheduleWords({ cron: null, timeZone: 'Asia/Tokyo' }, 'en')).toBe('By hand only')
  })

  it('names days from Sunday', () => {
    expect(dayNames('en', 'short')).toEqual(['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'])
    expect(dayNames('ja', 'short').join('')).toBe('日月火水木金土')
  })
})
