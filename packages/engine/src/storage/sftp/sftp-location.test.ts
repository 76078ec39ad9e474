import { describe, expect, it } from 'vitest'
import { parseSftpLocation } from './sftp-location.ts'

describe('parseSftpLocation', () => {
  it.each([
    ['sftp:user@host:/srv/repository', { user: 'user', host: 'host', port: undefined, path: '/srv/repository' }],
    ['sftp:host:repository/', { user: undefined, host: 'host', port: undefined, path: 'repository' }],
    ['sftp:user@domain@host:a//b/../c', { user: 'user@domain', host: 'host', port: undefined, path: 'a/c' }],
    ['sftp:user@[::1]:/srv', { user: 'user', host: '::1', port: undefined, path: '/srv' }],
    ['sftp:host:', { user: undefined, host: 'host', port: undefined, path: '.' }],
    ['sftp://user@host:2222//srv/repository', { user: 'user', host: 'host', port: 2222, path: '/srv/repository' }],
    ['sftp://host/repository', { user: undefined, host: 'host', port: undefined, path: 'repository' }],
    ['sftp://user@[::1]:2222//srv', { user: 'user', host: '::1', port: 2222, path: '/srv' }],
    ['sftp://host//a/../../b%20c', { user: undefined, host: 'host', port: undefined, path: '/b c' }],
  ])('reads %s', (text, expected) => {
    expect(parseSftpLocation(text)).toMatchObject(expected)
  })

  it('shows a location that can be read again', () => {
    for (const text of [
      'sftp:user@host:/srv/repository',
      'sftp:user@[::1]:srv',
      'sftp://user@host:2222//srv/repository',
      'sftp://host/srv',
    ]) {
      expect(parseSftpLocation(text).display).toBe(text)
    }
  })

  it.each(['sftp:', 'sftp:host', 'sftp://', 'sftp://host', 'sftp://host/', 'sftp://user:secret@host/x', 'sftp:host:~/x', 'sftp://host/~x'])(
    'refuses %s',
    (text) => {
      expect(() => parseSftpLocation(text)).toThrow(expect.objectContaining({ code: 'storage.location' }))
      expect(() => parseSftpLocation(text)).not.toThrow(/secret/)
    },
  )
})
