import { execFileSync } from 'node:child_process'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { spellings } from './command-line/flag.ts'
import { GLOBAL_FLAGS } from './command-line/global-flags.ts'
import { COMMANDS } from './command-list.ts'
import { Environment } from './environment.ts'
import { Terminal } from './output/terminal.ts'
import { runCommandLine } from './run.ts'

async function outputOf(...args: readonly string[]): Promise<string> {
  const [output, errors] = [new PassThrough(), new PassThrough()]
  const terminal = new Terminal({ input: new PassThrough(), output, errors }, { isDumb: true, noColor: true })
  await runCommandLine(args, { environment: new Environment({}), terminal, signal: new AbortController().signal })
  terminal.flush()
  return String(output.read() ?? '')
}

describe('help', () => {
  test.each(COMMANDS.map(({ name }) => name))('%s: says how to use it, with an example and every flag', async (name) => {
    const help = await outputOf(...name.split(' '), '--help')
    const command = await COMMANDS.find((entry) => entry.name === name)?.load()
    expect(help).toContain(`Usage: holdfast ${name}`)
    expect(help).toMatch(/Examples:\n {2}# .+\n {2}holdfast /)
    for (const flag of Object.values(command?.flags ?? {})) if (!flag.isHidden) expect(help).toContain(flag.syntax)
    expect(await outputOf('help', ...name.split(' '))).toBe(help)
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
    expect(help).not.toMatch(/^ \S/m)
  })

  test('in general lists every command and every flag of all', async () => {
    const help = await outputOf('help')
    for (const { name, group } of COMMANDS) if (group !== 'hidden') expect(help).toContain(name)
    for (const flag of Object.values(GLOBAL_FLAGS)) expect(help).toContain(flag.syntax)
    expect(await outputOf()).toBe(help)
  })

  test.each(['key', 'repair', 'storage'])('%s: lists its commands', async (group) => {
    expect(await outputOf(group)).toContain(`Usage: holdfast ${group} COMMAND`)
  })
})

describe('commands', () => {
  test('that do not exist bring to mind those that do', async () => {
    await expect(outputOf('snapshot')).rejects.toThrow('unknown command "snapshot" (did you mean snapshots?)')
    await expect(outputOf('help', 'bakcup')).rejects.toThrow('(did you mean backup?)')
    await expect(outputOf('mount')).rejects.toThrow('unknown command "mount"; `holdfast help`')
  })

  test.each(COMMANDS.map(({ name }) => name))('%s: gives no two flags the same name', async (name) => {
    const command = await COMMANDS.find((entry) => entry.name === name)?.load()
    const all = [...Object.values(GLOBAL_FLAGS), ...Object.values(command?.flags ?? {})].flatMap(spellings)
    expect(all).toEqual([...new Set(all)])
  })

  test('examples can be parsed', async () => {
    const { parseArguments } = await import('./command-line/parse-arguments.ts')
    const { findCommand } = await import('./command-line/find-command.ts')
    for (const { load } of COMMANDS) {
      const command = await load()
      for (const { line } of command.examples) {
        const words = execFileSync('sh', ['-c', `set -f; for word in ${line.replace(/ [|>].*/, '')}; do printf '%s\\n' "$word"; done`], {
          encoding: 'utf8',
        })
        const found = findCommand(words.trimEnd().split('\n'))
        expect(found.kind).toBe('command')
        if (found.kind === 'command') expect(() => parseArguments(command, found.rest)).not.toThrow()
      }
    }
  })
})

describe('completion', () => {
  /** What bash offers for the last word of a command line. */
  async function offered(...words: readonly string[]): Promise<string[]> {
    const script = await outputOf('completion', 'bash')
    const quoted = words.map((word) => `'${word}'`).join(' ')
    const program = `${script}\nCOMP_WORDS=(holdfast ${quoted})\nCOMP_CWORD=${words.length}\n_holdfast\nprintf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-euo', 'pipefail', '-c', program], { encoding: 'utf8', cwd: '/' }).trim().split('\n')
  }

  test('for bash offers commands, words, flags and values', async () => {
    expect(await offered('sn')).toEqual(['snapshots'])
    expect(await offered('repair', '')).toEqual(['index', 'packs', 'snapshots'])
    expect(await offered('-r', 'backup', 'key', 'l')).toEqual(['list'])
    expect(await offered('backup', '--exclude-c')).toEqual(['--exclude-caches'])
    expect(await offered('key', 'add', '--new-p')).toEqual(['--new-password-file'])
    expect(await offered('cat', 'ma')).toEqual(['masterkey'])
    expect(await offered('backup', '--compression', 'm')).toEqual(['max'])
    expect(await offered('restore', 'latest', '--target', '/et')).toEqual(['/etc'])
    expect(await offered('help', 'sto')).toEqual(['storage'])
  })

  test('for zsh and fish names every command', async () => {
    const [zsh, fish] = [await outputOf('completion', 'zsh'), await outputOf('completion', 'fish')]
    expect(zsh.startsWith('#compdef holdfast\n')).toBe(true)
    for (const { name, group } of COMMANDS) {
      if (group === 'hidden') continue
      expect(zsh).toContain(`'${name}')`)
      expect(fish).toContain(` ${name.split(' ').at(-1)} -d `)
    }
  })

  test('is refused for other shells', async () => {
    await expect(outputOf('completion', 'csh')).rejects.toThrow(/bash, zsh, fish/)
    await expect(outputOf('generate')).rejects.toThrow(/nothing to do/)
  })
})
