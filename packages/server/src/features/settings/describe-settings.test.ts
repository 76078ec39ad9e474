import { describe, expect, it } from 'vitest'
import { loadSettings, SETTINGS } from '../../config/settings.ts'
import { TestServer } from '../../testing/test-server.ts'
import { describeSettings } from './describe-settings.ts'

describe('the settings that are told', () => {
  it('say what each is and where it was found', () => {
    const environment = { S3_BUCKET: 'backups', HOLDFAST_TRUSTED_PROXIES: '10.0.0.0/8, 127.0.0.1' }
    const told = describeSettings(loadSettings({ environment, folder: '/nowhere' }))
    expect(told.map(({ name }) => name)).toEqual(Object.keys(SETTINGS))
    const byName = new Map(told.map((setting) => [setting.name, setting]))
    expect(byName.get('s3Bucket')).toMatchObject({ value: 'backups', isSet: true, place: 'environment', variable: 'S3_BUCKET' })
    expect(byName.get('trustedProxies')).toMatchObject({ value: '10.0.0.0/8,127.0.0.1', kind: 'list' })
    expect(byName.get('port')).toMatchObject({ value: '8000', place: 'built-in', variable: null, variables: ['HOLDFAST_PORT'] })
    expect(byName.get('publicUrl')).toMatchObject({ value: '', isSet: false })
  })

  it('hold no secret, not even in a URL', () => {
    const secrets = Object.entries(SETTINGS).filter(([, { kind }]) => kind === 'secret')
    const environment = Object.fromEntries(secrets.map(([, { variables }]) => [variables[0], 'very-secret']))
    const url = { S3_ENDPOINT: 'https://ann:very-secret@storage.example/path@x' }
    const told = describeSettings(loadSettings({ environment: { ...environment, ...url }, folder: '/nowhere' }))
    expect(JSON.stringify(told)).not.toContain('very-secret')
    expect(told.filter(({ kind }) => kind === 'secret').map(({ isSet, value }) => ({ isSet, value }))).toEqual(
      secrets.map(() => ({ isSet: true, value: null })),
    )
    expect(told.find(({ name }) => name === 's3Endpoint')?.value).toBe('https://…@storage.example/path@x')
  })

  it('are told to administrators alone', async () => {
    await using server = await TestServer.start()
    await server.addUser('root', 'admin')
    await server.addUser('ann', 'operator')
    const reply = await server.request('GET /api/v1/settings', { as: 'root' })
    expect(reply.statusCode).toBe(200)
    expect(reply.json()).toContainEqual(expect.objectContaining({ name: 'data', value: server.folder, place: 'environment' }))
    expect((await server.request('GET /api/v1/settings', { as: 'ann' })).statusCode).toBe(403)
  })
})
