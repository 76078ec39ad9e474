import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import type { Tool } from './tools.ts'

/** What a reader must know to compare the figures with other ones: names and values. */
export function describeMachine(tools: readonly Tool[]): readonly (readonly [name: string, value: string])[] {
  return [
    ['date', new Date().toISOString().slice(0, 10)],
    ['processor', `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores`],
    ['memory', `${(totalmem() / 2 ** 30).toFixed(1)} GiB`],
    ['system', `${distribution()}, Linux ${release()}`],
    ['load before the run', loadavg()[0]?.toFixed(2) ?? ''],
    ['Node.js', process.versions.node],
    ...tools.map(({ name, version }): readonly [string, string] => [name, version]),
  ]
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown'
  } catch {
    return 'unknown'
  }
}
