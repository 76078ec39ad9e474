import { describe, expect, it } from 'vitest'
import { defaultsOf, errorOf, errorsBelow, type JsonSchema, wordsOf } from './json-schema.ts'

const SCHEMA: JsonSchema = {
  type: 'object',
  required: ['paths', 'mode', 'login'],
  properties: {
    paths: { type: 'array', title: 'Folders', description: 'What is taken.', 'x-ja': { title: 'フォルダー' } },
    mode: { type: 'string', enum: ['fast', 'slow'] },
    login: { type: 'object', required: ['user'], properties: { user: { type: 'string' }, port: { type: 'integer', default: 5432 } } },
    limit: { type: 'integer' },
    caches: { type: 'boolean', default: false },
  },
}

describe('what a form reads of a schema', () => {
  it('begins with defaults, and with something empty for what is required', () => {
    expect(defaultsOf(SCHEMA)).toEqual({ paths: [], mode: 'fast', login: { user: '', port: 5432 }, caches: false })
    expect(defaultsOf({})).toEqual({})
  })

  it('has words in the language of the pages, else in English, else the name', () => {
    const { paths = {}, limit = {} } = SCHEMA.properties ?? {}
    expect(wordsOf(paths, 'paths', 'en')).toEqual({ title: 'Folders', description: 'What is taken.' })
    expect(wordsOf(paths, 'paths', 'ja')).toEqual({ title: 'フォルダー', description: 'What is taken.' })
    expect(wordsOf(limit, 'limit', 'ja')).toEqual({ title: 'limit', description: undefined })
  })

  it('finds what is wrong with a field or in it', () => {
    const errors = { 'paths.1': 'too long', 'login.user': 'missing', mode: 'unknown', pathsAndMore: 'else' }
    expect([errorOf(errors, 'paths'), errorOf(errors, 'mode'), errorOf(errors, 'limit')]).toEqual(['too long', 'unknown', undefined])
    expect(errorsBelow(errors, 'login')).toEqual({ user: 'missing' })
  })
})
