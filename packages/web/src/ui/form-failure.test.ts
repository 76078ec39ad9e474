import { expect, test } from 'vitest'
import { toldFailure } from './form-failure.ts'

test('a failure is over once the form is changed, also when that is taken back, and begins anew when it comes again', () => {
  const failure = new Error('it is not absolute')
  const none = toldFailure(undefined, null, 'first')
  expect(toldFailure(none, null, 'typed')).toBe(none)
  const told = toldFailure(none, failure, 'relative')
  expect(told).toEqual({ failure, draft: 'relative', isOver: false })
  expect(toldFailure(told, failure, 'relative')).toBe(told)
  const over = toldFailure(told, failure, '/tmp/x')
  expect(over.isOver).toBe(true)
  expect(toldFailure(over, failure, 'relative')).toBe(over)
  const again = new Error('it is not absolute')
  expect(toldFailure(over, again, '/tmp/x')).toEqual({ failure: again, draft: '/tmp/x', isOver: false })
  expect(toldFailure(over, null, '/tmp/x')).toEqual({ failure: null, draft: '/tmp/x', isOver: false })
})
