import { ManualClock } from '@holdfast/engine/testing'
import { expect, it } from 'vitest'
import { isServerError } from '../../errors.ts'
import { networkOf, SignInThrottle } from './sign-in-throttle.ts'

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8::6', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['', ''],
  ['not an address', 'not an address'],
])('the network of %j is %j', (address, network) => expect(networkOf(address)).toBe(network))

it('lets only so many wait, and others in when those are through', async () => {
  const counts = { count: async () => [], add: async () => 1, forget: async () => undefined }
  const throttle = new SignInThrottle(counts, new ManualClock())
  const gate = Promise.withResolvers<void>()
  const attempt = (username: string): Promise<void> =>
    throttle.signIn({ username, address: '192.0.2.1', onLocked: async () => undefined }, () => gate.promise)
  const waiting = Array.from({ length: 100 }, (_, at) => attempt(`user ${at % 7}`))
  const refused = await attempt('one more').catch((error: unknown) => error)
  expect(isServerError(refused, 'request.too-many')).toBe(true)
  gate.resolve()
  await Promise.all(waiting)
  await attempt('one more')
})
