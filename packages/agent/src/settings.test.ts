import { describe, expect, test } from 'vitest'
import { missingSettings, readAgentSettings } from './settings.ts'

describe('the settings of an agent', () => {
  test('are those of the ancestor, by its forms', () => {
    const settings = readAgentSettings({
      stateFolder: '/state',
      serverUrl: 'http://server:8000/',
      username: 'ann',
      password: 'secret',
      clientName: ' desk ',
      monitoredPaths: '/home, /etc,/home',
      preCommands: 'sync; pg_dump -f /dump ;',
      pingInterval: '10',
      backupInterval: '3600',
      pageEnabled: 'False',
    })
    expect(settings).toMatchObject({
      serverUrl: 'http://server:8000',
      clientName: 'desk',
      paths: ['/home', '/etc'],
      preCommands: [{ line: 'sync' }, { line: 'pg_dump -f /dump' }],
      pingIntervalMs: 10_000,
      backupIntervalSeconds: 3600,
      page: { isEnabled: false, host: '127.0.0.1', port: 8080 },
      allowCommands: false,
      allowRestores: false,
    })
    expect(missingSettings(settings)).toEqual([])
  })

  test('say by name which of the mandatory ones are missing', () => {
    expect(missingSettings(readAgentSettings({ stateFolder: '/state', serverUrl: 'https://server' }))).toEqual([
      'USERNAME',
      'PASSWORD',
      'MONITORED_PATHS',
    ])
  })

  test.each([
    [{ serverUrl: 'server' }, 'no URL'],
    [{ serverUrl: 'ftp://server' }, 'no URL'],
    [{ serverUrl: 'http://ann:secret@server' }, 'no URL'],
    [{ pingInterval: '0' }, 'PING_INTERVAL'],
    [{ backupInterval: 'daily' }, 'BACKUP_INTERVAL'],
    [{ pageEnabled: 'perhaps' }, 'CLIENT_UI_ENABLED'],
    [{ pagePort: '65536' }, 'port'],
    [{ clientName: 'x'.repeat(201) }, '200 characters'],
  ])('refuse %j', (texts, message) => {
    expect(() => readAgentSettings({ stateFolder: '/state', ...texts })).toThrow(message)
  })
})
