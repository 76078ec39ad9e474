import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { resticCommands } from './restic-commands.ts'

test('names of all kinds come through the shell and the location unharmed', () => {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-commands-'))
  try {
    const login = { path: '/restic/my%20laptops/', username: `it's $(me):/@ %`, password: 'hfr_a-b_c' }
    const lines = resticCommands('https://backup.example:8443', login).split('\n')
    const shell = lines.filter((line) => !line.startsWith('restic ')).join('\n')
    execFileSync('/bin/sh', ['-euc', shell], { env: { HOME: home } })
    const location = readFileSync(join(home, '.restic-location'), 'utf8').trim()
    expect(location).toMatch(/^rest:https:/)
    const { username, password, pathname, host } = new URL(location.slice('rest:'.length))
    expect([decodeURIComponent(username), decodeURIComponent(password), pathname, host]).toEqual([
      login.username,
      login.password,
      login.path,
      'backup.example:8443',
    ])
  } finally {
    rmSync(home, { recursive: true })
  }
})
