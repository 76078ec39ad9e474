import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { resticBinaries } from '@holdfast/engine/testing'

/** The launcher that users run. */
export const HOLDFAST: string = fileURLToPath(new URL('../../../bin/holdfast', import.meta.url))

/** What a program did. */
export interface Outcome {
  readonly code: number
  readonly output: string
  readonly errors: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly folder?: string
  /** Called when the program runs, to signal it. */
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void, said: () => string) => void
}

/** A folder of its own with a repository's surroundings; removed by `remove`. */
export interface Playground {
  readonly folder: string
  /** Environment for a repository in that folder. */
  readonly env: Readonly<Record<string, string>>
  path(...names: readonly string[]): string
  remove(): void
}

/** Makes a fresh {@link Playground}. */
export function playground(): Playground {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-cli-'))
  return {
    folder,
    env: { RESTIC_REPOSITORY: join(folder, 'repository'), RESTIC_PASSWORD: 'geheim', RESTIC_CACHE_DIR: join(folder, 'cache') },
    path: (...names) => join(folder, ...names),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The restic of today, which the command is held against. */
export function currentRestic(): string {
  const found = resticBinaries().find(({ name }) => name === 'current')
  if (found === undefined) throw new Error('Cannot find the current restic')
  return found.path
}

/** Runs `bin/holdfast`. */
export function holdfast(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run(HOLDFAST, args, options)
}

/** Runs the current restic. */
export function restic(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run(currentRestic(), args, options)
}

/** Runs a program to its end. */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { PATH: process.env.PATH, HOME: options.folder ?? tmpdir(), ...options.env },
      cwd: options.folder,
    })
    let [output, errors] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text
    })
    child.on('error', reject).on('close', (code) => resolve({ code: code ?? -1, output, errors }))
    child.stdin.on('error', () => undefined).end(options.input ?? '')
    options.onStart?.(
      (signal) => child.kill(signal),
      () => output + errors,
    )
  })
}

/** The JSON documents of an output, one a line. */
export function messages(output: string): readonly Record<string, unknown>[] {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** The names and types of all fields, however deep, of a JSON value: what a script can rely on. */
export function shapeOf(value: unknown): unknown {
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])]
  if (typeof value !== 'object') return typeof value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted()
      .map(([name, field]) => [name, shapeOf(field)]),
  )
}
