import { describe, expect, it } from 'vitest'
import { parseRestLocation } from './rest-location.ts'

describe('parseRestLocation', () => {
  it('reads all parts and hides the password', () => {
    expect(parseRestLocation('rest:https://user:p%40ss@host:8000/some/path')).toEqual({
      scheme: 'rest',
      display: 'rest:https://user:***@host:8000/some/path/',
      protocol: 'https:',
      host: 'host',
      port: 8000,
      socketPath: undefined,
      path: '/some/path/',
      username: 'user',
      password: 'p@ss',
    })
  })

  it('reads the shortest form', () => {
    const location = parseRestLocation('rest:http://host')
    expect(location).toMatchObject({ display: 'rest:http://host/', path: '/', port: undefined, username: undefined })
  })

  it('reads an IPv6 address', () => {
    expect(parseRestLocation('rest:http://[::1]:8000/')).toMatchObject({ host: '::1', port: 8000, display: 'rest:http://[::1]:8000/' })
  })

  it('reads a UNIX socket', () => {
    const location = parseRestLocation('rest:http+unix:///run/rest.socket:/some/repository/')
    expect(location).toMatchObject({ socketPath: '/run/rest.socket', path: '/some/repository/' })
    expect(location.display).toBe('rest:http+unix:///run/rest.socket:/some/repository/')
  })

  it.each(['rest:', 'rest:host/path', 'rest:ftp://host/', 'rest:https://', 'rest:http://user:secret@'])('refuses %s', (text) => {
    expect(() => parseRestLocation(text)).toThrow(expect.objectContaining({ code: 'storage.location' }))
    expect(() => parseRestLocation(text)).not.toThrow(/secret/)
  })
})
