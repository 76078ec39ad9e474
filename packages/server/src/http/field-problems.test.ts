import { describe, expect, test } from 'vitest'
import { TestServer } from '../testing/test-server.ts'
import { fieldProblemsOf } from './field-problems.ts'

describe('what is wrong with fields', () => {
  test.each([
    [
      'invalid_type',
      { expected: 'string' },
      'Invalid input: expected string, received undefined',
      { reason: 'missing', message: 'is needed, and must not be empty' },
    ],
    [
      'invalid_type',
      { expected: 'int' },
      'Invalid input: expected int, received number',
      { reason: 'not-whole', message: 'must be a whole number' },
    ],
    [
      'invalid_type',
      { expected: 'number' },
      'Invalid input: expected number, received string',
      { reason: 'not-a-number', message: 'must be a number' },
    ],
    ['too_small', { origin: 'string', minimum: 1 }, 'Too small', { reason: 'missing', message: 'is needed, and must not be empty' }],
    [
      'too_small',
      { origin: 'string', minimum: 8, inclusive: true },
      'Too small',
      { reason: 'too-short', limit: 8, message: 'must have at least 8 characters' },
    ],
    ['too_small', { origin: 'number', minimum: 0, inclusive: false }, 'Too small', { reason: 'too-small' }],
    [
      'too_big',
      { origin: 'array', maximum: 20, inclusive: true },
      'Too big',
      { reason: 'too-many', limit: 20, message: 'must have at most 20 entries' },
    ],
    [
      'too_big',
      { origin: 'number', maximum: 90, inclusive: true },
      'Too big',
      { reason: 'too-large', limit: 90, message: 'must be at most 90' },
    ],
    ['invalid_format', { format: 'email' }, 'Invalid email', { reason: 'not-an-email', message: 'must be a mail address' }],
    ['invalid_format', { format: 'url' }, 'Invalid URL', { reason: 'not-a-url', message: 'must be a URL' }],
    ['invalid_format', { format: 'regex' }, 'Invalid', { reason: 'wrong-form' }],
    ['invalid_value', { values: ['a'] }, 'Invalid option', { reason: 'not-a-choice' }],
    ['custom', {}, 'says it itself', {}],
  ])('%s %j is told to programs, and to people in words', (...[keyword, params, message, told]) => {
    expect(fieldProblemsOf({ keyword, params, message, instancePath: '/name' })).toEqual([{ path: '/name', message, ...told }])
  })

  test('come with the answer, by schema and by rule', async () => {
    await using server = await TestServer.start()
    await server.addUser('ann', 'admin')
    const fieldsOf = async (route: string, body: object): Promise<unknown> =>
      (await server.request(route, { as: 'ann', body })).json<{ readonly fields?: unknown }>().fields
    expect(await fieldsOf('POST /api/v1/clients', {})).toMatchObject([{ path: '/name', reason: 'missing' }])
    expect(await fieldsOf('POST /api/v1/clients', { name: ' ' })).toMatchObject([{ path: '/name', reason: 'missing' }])
    expect(await fieldsOf('POST /api/v1/clients', { name: 'a'.repeat(201) })).toMatchObject([
      { path: '/name', reason: 'too-long', limit: 200 },
    ])
    const withHours = (overdueAfterHours: number): object => ({ name: 'desk', settings: { overdueAfterHours } })
    const path = '/settings/overdueAfterHours'
    expect(await fieldsOf('POST /api/v1/clients', withHours(1.5))).toMatchObject([{ path, reason: 'not-whole' }])
    expect(await fieldsOf('POST /api/v1/clients', withHours(0))).toMatchObject([{ path, reason: 'too-small', limit: 1 }])
    expect(await fieldsOf('POST /api/v1/clients', { name: 'desk' })).toBeUndefined()
    expect(await fieldsOf('POST /api/v1/clients', { name: 'desk' })).toMatchObject([{ path: '/name', reason: 'taken' }])
    const password = 'correct horse battery'
    expect(await fieldsOf('POST /api/v1/users', { username: 'ann', password, role: 'viewer' })).toMatchObject([
      { path: '/username', reason: 'taken' },
    ])
  })
})
