import { singleSignOnQuerySchema } from '@holdfast/protocol'
import { describe, expect, it } from 'vitest'
import { pathToReturnTo } from './return-to.ts'

describe('the way back after signing in', () => {
  it.each(['/', '/clients/3?tab=plans', '/search?query=%22tax%22', '/snapshots/7/diff/8', '/runs?state=error#log'])(
    'leads to %s',
    (path) => {
      expect(pathToReturnTo(path)).toBe(path)
      expect(singleSignOnQuerySchema.parse({ returnTo: path }).returnTo).toBe(path)
    },
  )

  it.each([
    undefined,
    '',
    'clients',
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    '/clients\n',
    '/<script>',
    `/${'a'.repeat(500)}`,
    '/sign-in',
    '/sign-in?returnTo=/sign-in',
  ])('leads to the first page for %j', (path) => {
    expect(pathToReturnTo(path)).toBe('/')
  })

  it('leads to searches with stars, which single sign-on takes as well', () => {
    const path = pathToReturnTo('/search?query=*.jpg')
    expect(path).toBe('/search?query=%2A.jpg')
    expect(singleSignOnQuerySchema.parse({ returnTo: path }).returnTo).toBe(path)
  })

  it('leads to pages that only begin like the one to sign in', () => {
    expect(pathToReturnTo('/sign-in-log')).toBe('/sign-in-log')
  })
})
