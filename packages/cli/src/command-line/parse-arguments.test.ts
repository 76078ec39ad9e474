import { describe, expect, test } from 'vitest'
import { backupCommand } from '../commands/backup.ts'
import { forgetCommand } from '../commands/forget.ts'
import type { Command } from './command.ts'
import { parseDurationMs } from './duration.ts'
import { findCommand } from './find-command.ts'
import { parseArguments } from './parse-arguments.ts'

const flagsOf = (command: Command, ...args: readonly string[]): Readonly<Record<string, unknown>> => {
  const { globals, input } = parseArguments(command, args)
  return { ...globals, ...input.flags }
}

describe('arguments', () => {
  test('that are absent have their defaults', () => {
    const flags = flagsOf(backupCommand)
    expect(flags).toMatchObject({ noLock: false, noCache: false, noScan: false, json: false, verbose: 0, exclude: [], host: undefined })
  })

  test('may mix global flags with those of the command', () => {
    const { globals, input } = parseArguments(backupCommand, [
      '-r',
      '/r',
      'a',
      '-nvv',
      '--exclude',
      '-q',
      '--no-lock',
      'b',
      '--no-scan',
      '-e*.o',
    ])
    expect(globals).toMatchObject({ repo: '/r', verbose: 2, quiet: false, noLock: true })
    expect(input.flags).toMatchObject({ dryRun: true, exclude: ['-q', '*.o'], noScan: true })
    expect(input.args).toEqual(['a', 'b'])
  })

  test('in the spellings of Go', () => {
    expect(flagsOf(backupCommand, '--verbose=2', '--dry-run=true', '--force=false', '-H=box', '--host=')).toMatchObject({
      verbose: 2,
      dryRun: true,
      force: false,
      host: '',
    })
    expect(flagsOf(backupCommand, '-r=/srv', '--no-scan=false')).toMatchObject({ repo: '/srv', noScan: false })
    expect(() => parseArguments(backupCommand, ['--force=perhaps'])).toThrow(/neither true nor false/)
  })

  test('behind -- are none of ours', () => {
    expect(parseArguments(backupCommand, ['--stdin-from-command', '--', 'dump', '--host', 'x', '--json=maybe']).input.args).toEqual([
      'dump',
      '--host',
      'x',
      '--json=maybe',
    ])
  })

  test('that make no sense are refused by name', () => {
    expect(() => parseArguments(backupCommand, ['--exlude', 'x'])).toThrow("unknown option '--exlude' (Did you mean --exclude?)")
    expect(() => parseArguments(backupCommand, ['--exclude'])).toThrow(/argument missing/)
    expect(() => parseArguments(backupCommand, ['--compression', 'zip'])).toThrow(/must be one of auto\|off\|fastest\|better\|max/)
    expect(() => parseArguments(forgetCommand, ['--keep-daily', '-3'])).toThrow(/--keep-daily/)
    expect(() => parseArguments(backupCommand, ['--retry-lock', '5'])).toThrow(/not a duration/)
  })

  test('are read into values', () => {
    const flags = flagsOf(
      forgetCommand,
      '--keep-last',
      'unlimited',
      '-d',
      '7',
      '--keep-within',
      '1y5m',
      '--keep-tag',
      'a,b',
      '--keep-tag',
      'c',
    )
    expect(flags).toMatchObject({ keepLast: -1, keepDaily: 7, keepTag: [['a', 'b'], ['c']] })
    expect(flagsOf(backupCommand, '-o', 's3.region=eu,s3.connections=3', '-o', 'rest.connections=9').option).toEqual([
      [
        ['s3.region', 'eu'],
        ['s3.connections', '3'],
      ],
      [['rest.connections', '9']],
    ])
  })

  test('durations', () => {
    expect(['0', '5m', '1h30m', '1.5s', '250ms'].map(parseDurationMs)).toEqual([0, 300_000, 5_400_000, 1500, 250])
    for (const wrong of ['', '5', 'm', '5 m', '-5m', '5m3']) expect(() => parseDurationMs(wrong)).toThrow()
  })
})

describe('the command', () => {
  const nameOf = (...args: readonly string[]): string => {
    const found = findCommand(args)
    return found.kind === 'help' ? `help:${found.topic}` : `${found.entry.name}|${found.rest.join(' ')}`
  }

  test('is found among global flags', () => {
    expect(nameOf('-r', 'backup', '--json', 'ls', 'latest')).toBe('ls|-r backup --json latest')
    expect(nameOf('--repo=/x', 'key', '-v', 'list', 'x')).toBe('key list|--repo=/x -v x')
    expect(nameOf('-vr', '/x', 'snapshots')).toBe('snapshots|-vr /x')
  })

  test('or help is', () => {
    expect(nameOf()).toBe('help:')
    expect(nameOf('--help')).toBe('help:')
    expect(nameOf('help', 'key', 'add')).toBe('help:key add')
    expect(nameOf('key')).toBe('help:key')
    expect(nameOf('key', '--help')).toBe('help:key')
    expect(nameOf('--version')).toBe('version|')
  })

  test('or nothing is', () => {
    expect(() => nameOf('bakcup')).toThrow(/unknown command "bakcup"/)
    expect(() => nameOf('key', 'steal')).toThrow(/unknown command "key steal"/)
    expect(() => nameOf('help', 'nothing')).toThrow(/unknown help topic/)
  })
})
