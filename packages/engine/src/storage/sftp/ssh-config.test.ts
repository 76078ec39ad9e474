import { describe, expect, it } from 'vitest'
import { sshHostConfig } from './ssh-config.ts'

const CONFIG = `
# comment
User everywhere-first
Host backup backup-*
  HostName %h.example.org
  Port=2222
  IdentityFile ~/.ssh/backup
  IdentityFile "~/.ssh/with space"
Host !secret *
  User never
  Port 1
Host hop
  ProxyJump gate
Host direct
  ProxyJump none
Match all
  HostName wrong
`

describe('sshHostConfig', () => {
  it('takes the first value of each setting from the sections that fit', () => {
    expect(sshHostConfig(CONFIG, 'backup-1')).toEqual({
      hostName: 'backup-1.example.org',
      user: 'everywhere-first',
      port: 2222,
      identityFiles: ['~/.ssh/backup', '~/.ssh/with space'],
    })
  })

  it('leaves out sections that exclude the host', () => {
    expect(sshHostConfig(CONFIG, 'secret')).toEqual({ user: 'everywhere-first', identityFiles: [] })
  })

  it('refuses a host behind a proxy', () => {
    expect(() => sshHostConfig(CONFIG, 'hop')).toThrow(expect.objectContaining({ code: 'storage.location' }))
    expect(sshHostConfig(CONFIG, 'direct')).toMatchObject({ port: 1 })
  })

  it('says nothing without a configuration', () => {
    expect(sshHostConfig('', 'host')).toEqual({ identityFiles: [] })
  })
})
