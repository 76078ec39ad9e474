import { chmodSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { holdfast, messages, playground, restic } from './programs.ts'

const place = playground()
const location = { RESTIC_REPOSITORY: place.path('repository'), RESTIC_CACHE_DIR: place.path('cache') }

beforeAll(async () => {
  expect((await restic(['init'], { env: place.env })).code).toBe(0)
  writeFileSync(place.path('password'), '\ufeffgeheim\n')
  writeFileSync(place.path('wrong'), 'falsch\n')
  writeFileSync(place.path('location'), ` ${place.path('repository')}\n`)
  writeFileSync(place.path('ask.sh'), '#!/bin/sh\n[ "$1" = "the password" ] && echo geheim\n')
  chmodSync(place.path('ask.sh'), 0o700)
})
afterAll(() => place.remove())

describe('the password', () => {
  const opens = async (args: readonly string[], env: Readonly<Record<string, string>>, input = ''): Promise<number> =>
    (await holdfast(['snapshots', ...args], { env: { ...location, ...env }, input })).code

  test('comes from a variable, a file, a command or standard input', async () => {
    expect(await opens([], { RESTIC_PASSWORD: 'geheim' })).toBe(0)
    expect(await opens(['-p', place.path('password')], {})).toBe(0)
    expect(await opens([], { RESTIC_PASSWORD_FILE: place.path('password') })).toBe(0)
    expect(await opens(['--password-command', `${place.path('ask.sh')} "the password"`], {})).toBe(0)
    expect(await opens([], { RESTIC_PASSWORD_COMMAND: `'${place.path('ask.sh')}' 'the password'` })).toBe(0)
    expect(await opens([], {}, 'geheim\nanything else\n')).toBe(0)
  })

  test('is wrong', async () => {
    expect(await opens([], { RESTIC_PASSWORD: 'falsch' })).toBe(12)
    expect(await opens(['-p', place.path('wrong')], { RESTIC_PASSWORD: 'geheim' })).toBe(12)
    expect(await opens([], {}, 'falsch\n')).toBe(12)
  })

  test('does not matter where there is no repository: init is what helps', async () => {
    const outcome = await holdfast(['-r', place.path('nowhere'), 'snapshots'], { env: { RESTIC_PASSWORD: 'x' } })
    expect(outcome.code).toBe(10)
    expect(outcome.errors).toMatch(/^Fatal: Cannot open local:\S+nowhere: there is no repository .*; `holdfast init` makes one\n$/)
  })

  test('cannot be had', async () => {
    expect(await opens([], {})).toBe(1)
    expect(await opens(['-p', place.path('none')], {})).toBe(1)
    expect(await opens(['--password-command', `${place.path('ask.sh')} "another"`], {})).toBe(1)
    expect(await opens(['--password-command', '"unfinished'], {})).toBe(1)
    expect(await opens(['-p', place.path('password'), '--password-command', 'echo'], {})).toBe(1)
    expect(await opens(['--insecure-no-password'], { RESTIC_PASSWORD: 'geheim' })).toBe(1)
  })

  test('no shell ever sees the password command', async () => {
    const { code, errors } = await holdfast(['snapshots', '--password-command', `echo $(touch ${place.path('touched')}) geheim; echo`], {
      env: location,
    })
    expect([code, errors]).toEqual([12, expect.stringContaining('wrong password')])
  })
})

describe('the environment', () => {
  test('HOLDFAST_ wins over RESTIC_', async () => {
    const env = { ...place.env, RESTIC_REPOSITORY: '/nowhere', RESTIC_PASSWORD: 'falsch', HOLDFAST_REPOSITORY: place.path('repository') }
    expect((await holdfast(['snapshots'], { env: { ...env, HOLDFAST_PASSWORD: 'geheim' } })).code).toBe(0)
    expect((await holdfast(['snapshots'], { env: { ...env, HOLDFAST_PASSWORD_FILE: place.path('password') } })).code).toBe(0)
  })

  test('flags win over both', async () => {
    const env = { ...place.env, RESTIC_REPOSITORY_FILE: '/nowhere', RESTIC_REPOSITORY: '' }
    expect((await holdfast(['snapshots', '-r', place.path('repository')], { env })).code).toBe(0)
    expect((await holdfast(['snapshots', '--repository-file', place.path('location')], { env: place.env })).code).toBe(0)
  })

  test('that contradicts itself is refused', async () => {
    const both = await holdfast(['snapshots', '-r', place.path('repository'), '--repository-file', place.path('location')], {
      env: place.env,
    })
    expect(both).toMatchObject({ code: 1, errors: expect.stringContaining('mutually exclusive') })
    const packSize = await holdfast(['backup', '.'], { env: { ...place.env, RESTIC_PACK_SIZE: '64MiB' }, folder: place.folder })
    expect(packSize).toMatchObject({ code: 1, errors: expect.stringContaining('RESTIC_PACK_SIZE') })
    const mode = await holdfast(['backup', '.'], { env: { ...place.env, HOLDFAST_COMPRESSION: 'zip' }, folder: place.folder })
    expect(mode).toMatchObject({ code: 1, errors: expect.stringContaining('HOLDFAST_COMPRESSION') })
  })
})

describe('keys', () => {
  test('are added, listed, changed and removed; restic opens with them', async () => {
    writeFileSync(place.path('second'), 'zweites\n')
    const run = (args: readonly string[], password: string): ReturnType<typeof holdfast> =>
      holdfast(args, { env: { ...location, RESTIC_PASSWORD: password } })
    expect(
      await run(['key', 'add', '--new-password-file', place.path('second'), '--user', 'ann', '--host', 'box'], 'geheim'),
    ).toMatchObject({ code: 0 })
    const listed = JSON.parse((await run(['key', 'list', '--json'], 'zweites')).output) as {
      current: boolean
      id: string
      userName: string
      hostName: string
    }[]
    expect(listed.map(({ current, userName, hostName }) => [current, userName, hostName])).toContainEqual([true, 'ann', 'box'])
    expect((await restic(['snapshots'], { env: { ...location, RESTIC_PASSWORD: 'zweites' } })).code).toBe(0)

    writeFileSync(place.path('third'), 'drittes\n')
    expect(await run(['key', 'passwd', '--new-password-file', place.path('third')], 'zweites')).toMatchObject({ code: 0 })
    expect((await run(['snapshots'], 'zweites')).code).toBe(12)
    const current =
      (JSON.parse((await run(['key', 'list', '--json'], 'drittes')).output) as typeof listed).find((key) => key.current)?.id ?? ''
    expect(await run(['key', 'remove', current], 'drittes')).toMatchObject({ code: 1, errors: expect.stringContaining('refusing') })
    expect(await run(['key', 'remove', current.slice(0, 12)], 'geheim')).toMatchObject({ code: 0 })
    expect((await run(['snapshots'], 'drittes')).code).toBe(12)
  })
})

describe('locks', () => {
  test('of somebody else are respected, waited for and removed', async () => {
    const env = { ...place.env, RESTIC_LOCK: '' }
    const holder = holdfast(['backup', '--stdin-from-command', '--', 'sleep', '6'], { env })
    await waitFor(async () => (await holdfast(['list', 'locks'], { env })).output.trim() !== '')
    const refused = await holdfast(['prune', '--json'], { env })
    expect(refused.code).toBe(11)
    expect(messages(refused.errors)[0]).toMatchObject({ message_type: 'exit_error', code: 11 })
    expect((await restic(['prune'], { env })).code).toBe(11)
    expect((await holdfast(['prune', '--retry-lock', '60s'], { env })).code).toBe(0)
    expect((await holder).code).toBe(0)
  })

  test('that a crash left are removed by unlock', async () => {
    let killed = false
    await holdfast(['backup', '--stdin-from-command', '--', 'sleep', '60'], {
      env: place.env,
      onStart: async (kill) => {
        await waitFor(async () => (await holdfast(['list', 'locks'], { env: place.env })).output.trim() !== '')
        killed = true
        kill('SIGKILL')
      },
    })
    expect(killed).toBe(true)
    expect((await holdfast(['check'], { env: place.env })).code).toBe(11)
    expect(await holdfast(['unlock'], { env: place.env })).toMatchObject({ code: 0, output: expect.stringContaining('removed 1 locks') })
    expect((await restic(['check'], { env: place.env })).code).toBe(0)
  })
})

async function waitFor(isTrue: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) if (await isTrue()) return
  throw new Error('it did not come to pass')
}
