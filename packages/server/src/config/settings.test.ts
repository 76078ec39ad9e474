import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadSettings, SETTINGS, type SettingRow } from './settings.ts'

const PAGE = fileURLToPath(new URL('../../../../docs/reference/settings.md', import.meta.url))

describe('settings', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-settings-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('come from the environment, .env, the YAML file and what is built in, in this order', () => {
    writeFileSync(join(folder, '.env'), 'HOLDFAST_PORT=2\nHOLDFAST_HOST=dotenv\n')
    writeFileSync(join(folder, 'holdfast.yaml'), 'port: 3\nhost: yaml\ntrustedProxies: [10.0.0.0/8, 127.0.0.1]\n')
    const settings = loadSettings({ environment: { HOLDFAST_PORT: '1' }, folder })
    expect(settings).toMatchObject({ port: 1, host: 'dotenv', trustedProxies: ['10.0.0.0/8', '127.0.0.1'], adminUsername: 'admin' })
    expect(settings.data).toBe(join(folder, 'data'))
    expect(settings.origins).toMatchObject({
      port: { place: 'environment', variable: 'HOLDFAST_PORT' },
      host: { place: 'env-file', variable: 'HOLDFAST_HOST' },
      trustedProxies: { place: 'yaml-file', variable: undefined },
      adminUsername: { place: 'built-in', variable: undefined },
    })
  })

  it('are as the command wishes where nobody has said anything, and say so', () => {
    const wishes = { logLevel: 'warn', host: 'wished', port: '5' }
    writeFileSync(join(folder, '.env'), 'HOLDFAST_HOST=dotenv\n')
    writeFileSync(join(folder, 'holdfast.yaml'), 'port: 3\n')
    const settings = loadSettings({ environment: { HOLDFAST_LOG_LEVEL: '' }, folder, wishes })
    expect(settings).toMatchObject({ logLevel: 'warn', host: 'dotenv', port: 3 })
    expect(settings.origins).toMatchObject({ logLevel: { place: 'command', variable: undefined }, port: { place: 'yaml-file' } })
  })

  it('know the names that other programs use', () => {
    const environment = { ADMIN_PASSWORD: 'of another', DATABASE_URL: 'postgresql+psycopg2://a:b@c/d', S3_BUCKET: 'bucket' }
    expect(loadSettings({ environment, folder })).toMatchObject({
      adminPassword: 'of another',
      databaseUrl: 'postgresql+psycopg2://a:b@c/d',
      s3Bucket: 'bucket',
    })
  })

  it.each([
    ['port: many', /port: "many" is not a whole number/],
    ['prot: 80', /there is no setting prot/],
    ['- a', /not a list of settings/],
    ['{', /Cannot read .*holdfast.yaml/],
  ])('refuse %j', (yaml, message) => {
    writeFileSync(join(folder, 'holdfast.yaml'), yaml)
    expect(() => loadSettings({ environment: {}, folder })).toThrow(message)
  })

  it('are all documented', async () => {
    const rows = Object.entries(SETTINGS as Readonly<Record<string, SettingRow>>).map(
      ([name, { variables, fallback, meaning }]) =>
        `| \`${name}\` | ${variables.map((one) => `\`${one}\``).join(', ')} | ${fallback === '' ? '' : `\`${fallback}\``} | ${meaning} |`,
    )
    await expect([INTRODUCTION, ...rows, ''].join('\n')).toMatchFileSnapshot(PAGE)
  })
})

const INTRODUCTION = `# Settings of the server

What \`holdfast server\` (and \`npm start\`) can be told; a test holds this page to the program. Each setting is taken from the first of
these places that has it: the variables of the environment, in the order below; the same variables in a file \`.env\` in the folder where
the server is started; the name in a YAML file (\`holdfast.yaml\` in that folder, or the one given by \`--config\`); the default. Empty
variables count as not set. A YAML file with a name that no setting has is refused.

| in YAML | variables | default | meaning |
|---|---|---|---|`
