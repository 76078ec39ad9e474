import { expect, test } from 'vitest'
import { fieldErrorsOf } from './field-errors.ts'
import { fieldMessages } from './field-messages.ts'

test('what is wrong with fields is told in the language of the pages, with the server’s words where there are no others', () => {
  const fields = [
    { path: '/name', message: 'Too big: expected string to have <=200 characters', reason: 'too-long', limit: 200 },
    { path: '/schedule/cron', message: 'it has six fields' },
    { path: '/prune/cron', message: 'it takes five or six fields', reason: 'not-a-schedule' },
    { path: '/selection/paths/1', message: 'it is not absolute', reason: 'not-absolute' },
    { path: '/settings/quota', message: 'Too small: expected number to be >0', reason: 'too-small' },
    { path: '/hours', message: 'expected int', reason: 'not-whole' },
    { path: '/hours', message: 'Too small', reason: 'too-small', limit: 1 },
  ] as const
  expect(fieldErrorsOf({ fields: [...fields] }, fieldMessages.ja)).toEqual({
    name: '200 文字以内で入力してください。',
    'schedule.cron': 'この値は使用できません。サーバーの応答: it has six fields',
    'prune.cron': fieldMessages.ja.notSchedule,
    'selection.paths.1': fieldMessages.ja.notAbsolute,
    'settings.quota': 'この値は使用できません。サーバーの応答: Too small: expected number to be >0',
    hours: '整数を入力してください。',
  })
  expect(fieldErrorsOf({ fields: [...fields] }, fieldMessages.en)).toMatchObject({ name: 'At most 200 characters.' })
  expect(fieldErrorsOf({}, fieldMessages.en)).toEqual({})
})
