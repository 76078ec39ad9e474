import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GLOBAL_FLAGS, type GlobalValues } from '../command-line/global-flags.ts'
import { Environment } from '../environment.ts'
import { parseProfile } from './aws-profile.ts'
import { checkExtendedOptions } from './extended-options.ts'
import { locationOf, mainSource } from './repository-source.ts'
import { splitCommand } from './split-command.ts'
import { writeOptions } from './write-options.ts'

const globals = (given: Partial<GlobalValues> = {}): GlobalValues =>
  ({ ...Object.fromEntries(Object.entries(GLOBAL_FLAGS).map(([name, { initial }]) => [name, initial])), ...given }) as GlobalValues

describe('a password command', () => {
  test.each([
    ['pass show backup', ['pass', 'show', 'backup']],
    ['  a\t"b c"  \'d "e"\' ', ['a', 'b c', 'd "e"']],
    ['a "b\\"c"', ['a', 'b\\"c']],
    ['$HOME `x` $(y); z', ['$HOME', '`x`', '$(y);', 'z']],
  ])('%s is split as restic splits it', (command, words) => {
    expect(splitCommand(command)).toEqual(words)
  })

  test('that is unfinished or empty is refused', () => {
    expect(() => splitCommand('a "b')).toThrow(/double-quoted/)
    expect(() => splitCommand("a 'b")).toThrow(/single-quoted/)
    expect(() => splitCommand(' ')).toThrow(/empty/)
  })

  test('without quotes is split at white space', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z$;&|*]+$/), { minLength: 1 }), (words) => {
        expect(splitCommand(words.join(' '))).toEqual(words)
      }),
    )
  })
})

describe('the repository', () => {
  const source = (given: Partial<GlobalValues>, values: Readonly<Record<string, string>>): ReturnType<typeof mainSource> =>
    mainSource({ globals: globals(given), environment: new Environment(values) })

  test('is named by flags, then by our variables, then by restic’s', () => {
    const values = { RESTIC_REPOSITORY: 'r', HOLDFAST_REPOSITORY_FILE: 'h' }
    expect(source({ repo: 'f' }, values)).toMatchObject({ location: 'f', locationFile: undefined })
    expect(source({}, values)).toMatchObject({ location: undefined, locationFile: 'h' })
    expect(source({}, { RESTIC_REPOSITORY: 'r' })).toMatchObject({ location: 'r' })
    expect(source({ passwordFile: 'f' }, { RESTIC_PASSWORD_COMMAND: 'c' })).toMatchObject({ passwordFile: 'f', passwordCommand: undefined })
    expect(source({}, { RESTIC_PASSWORD_COMMAND: 'c', HOLDFAST_PASSWORD: 'p' })).toMatchObject({
      password: 'p',
      passwordCommand: undefined,
    })
  })

  test('must be named once', async () => {
    await expect(locationOf(source({}, { RESTIC_REPOSITORY: 'r', RESTIC_REPOSITORY_FILE: 'f' }))).rejects.toThrow(/mutually exclusive/)
    await expect(locationOf(source({}, {}))).rejects.toThrow(/Please specify repository location/)
  })
})

test('credentials are read from a profile', () => {
  const file = [
    '[default]\naws_access_key_id = A\naws_secret_access_key=B\n',
    '[other]\r\naws_access_key_id=C\r\naws_secret_access_key = D=\r\naws_session_token=E',
    '[bare]\nregion=x',
  ].join('\n')
  expect(parseProfile(file, 'default')).toEqual({ accessKeyId: 'A', secretAccessKey: 'B', sessionToken: undefined })
  expect(parseProfile(file, 'other')).toEqual({ accessKeyId: 'C', secretAccessKey: 'D=', sessionToken: 'E' })
  expect([parseProfile(file, 'bare'), parseProfile(file, 'none')]).toEqual([undefined, undefined])
})

test('extended options of our storages must be known', () => {
  expect(() => checkExtendedOptions(new Map([['s3.regoin', 'x']]))).toThrow(/s3.regoin is not known/)
  expect(() =>
    checkExtendedOptions(new Map(Object.entries({ 's3.region': 'x', 'azure.access-tier': 'Cool', 's3.retries': '3' }))),
  ).not.toThrow()
})

test('how data is stored is read from flags, then from the environment', () => {
  const options = (given: Partial<GlobalValues>, values: Readonly<Record<string, string>>): ReturnType<typeof writeOptions> =>
    writeOptions({ globals: globals(given), environment: new Environment(values) })
  expect(options({}, {})).toEqual({})
  expect(options({ packSize: 32 }, { RESTIC_PACK_SIZE: '64', RESTIC_COMPRESSION: 'max' })).toEqual({
    compression: 'max',
    packSizeBytes: 32 * 1024 * 1024,
  })
  expect(() => options({}, { RESTIC_PACK_SIZE: '1' })).toThrow(/between 4 and 128/)
})
