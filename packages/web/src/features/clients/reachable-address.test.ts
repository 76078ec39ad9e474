import { expect, test } from 'vitest'
import { leadsToItself } from './reachable-address.ts'

test.each(['http://127.0.0.1:8000', 'https://localhost', 'http://[::1]:8000', 'http://holdfast.localhost:8000'])(
  '%s is here',
  (address) => {
    expect(leadsToItself(`holdfast agent enrol ${address} 8Y7C-MASV`)).toBe(true)
  },
)

test.each(['https://backup.example.org', 'http://192.168.1.5:8000', 'http://127.example.org', 'http://[fd00::1]:8000'])(
  '%s may be reached',
  (address) => {
    expect(leadsToItself(`holdfast agent enrol ${address} 8Y7C-MASV`)).toBe(false)
  },
)

test('what names no address says nothing', () => {
  expect(leadsToItself('')).toBe(false)
  expect(leadsToItself('holdfast agent enrol http:// code')).toBe(false)
})
