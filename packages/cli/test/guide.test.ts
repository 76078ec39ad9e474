import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HOLDFAST, type Playground, playground, run } from './programs.ts'

let home: Playground

beforeEach(() => {
  home = playground()
  mkdirSync(home.path('bin'))
  symlinkSync(HOLDFAST, home.path('bin', 'holdfast'))
})
afterEach(() => home.remove())

describe('what the documentation shows is what is printed', () => {
  test('in the guide to the first backup', async () => {
    const steps = stepsOf('docs/guide/first-backup.md')
    expect(steps.length).toBeGreaterThan(10)
    expect(alike(await play(steps))).toEqual(alike(steps))
  })

  test('in the README', async () => {
    mkdirSync(home.path('Documents'))
    writeFileSync(home.path('Documents', 'numbers.txt'), '1\n'.repeat(200_000))
    writeFileSync(home.path('Documents', 'todo.txt'), 'Buy milk\n')
    const steps = stepsOf('README.md')
    expect(steps.map(({ command }) => command)).toEqual(['npm start -- ~/Documents'])
    const printed = await served(['start', 'Documents'], { until: 'Ctrl-C stops it' })
    expect(withoutChances(printed)).toEqual(withoutChances(steps[0]?.output ?? ''))
  })
})

/** A command line of a session and what is shown behind it. */
interface Step {
  readonly command: string
  readonly output: string
}

/** What the console blocks of a page show. */
function stepsOf(page: string): readonly Step[] {
  const text = readFileSync(fileURLToPath(new URL(`../../../${page}`, import.meta.url)), 'utf8')
  const blocks = [...text.matchAll(/^```console\n(.*?)^```$/gms)].map(([, block = '']) => block)
  return blocks
    .flatMap((block) => block.split(/^\$ /m).slice(1))
    .map((step) => {
      const [command = '', ...output] = step.trimEnd().split('\n')
      return { command, output: output.join('\n') }
    })
}

/** The same session, one shell for all of it, with what is really printed. */
async function play(steps: readonly Step[]): Promise<readonly Step[]> {
  const end = '--- end of a step ---'
  const script = steps.map(({ command }) => `{ ${command}\n} 2>&1; echo '${end}'\n`).join('')
  const env = { PATH: `${home.path('bin')}:${process.env.PATH}`, HOME: home.folder, RESTIC_HOST: 'box', TZ: 'UTC' }
  const { output } = await run('bash', ['-c', script], { env, folder: home.folder })
  return output
    .split(`${end}\n`)
    .slice(0, -1)
    .map((text, index) => ({ command: steps[index]?.command ?? '', output: text.trimEnd() }))
}

/** What the command prints on its output until it says so and is interrupted. */
async function served(args: readonly string[], { until }: { readonly until: string }): Promise<string> {
  const { output } = await run(HOLDFAST, args, {
    env: { HOME: home.folder, HOLDFAST_DATA: home.path('holdfast/data'), HOLDFAST_PORT: '0', TZ: 'UTC' },
    folder: home.folder,
    onStart: (kill, said) => {
      const looking = setInterval(() => {
        if (!said().includes(until)) return
        clearInterval(looking)
        kill('SIGINT')
      }, 50)
    },
  })
  return output.slice(0, output.indexOf(until) + until.length)
}

/** Steps without what is different each time and on each machine: IDs, times, sizes, who, where, and how deep that is. */
function alike(steps: readonly Step[]): readonly Step[] {
  return steps.map(({ command, output }) => ({ command, output: withoutChances(output) }))
}

function withoutChances(output: string): string {
  const lines = output
    .replaceAll(home.folder, '/home/ann')
    .replaceAll(/\b([0-9a-f]{8}|[0-9a-f]{10}|[0-9a-f]{64})\b/g, 'ID')
    .replaceAll(/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b/g, 'TIME')
    .replaceAll(/\b[\d.]+ ([KMGT]i)?B\b/g, 'SIZE')
    .replaceAll(/\b\d+:\d\d\b/g, 'DURATION')
    .replaceAll(/by \S+@/g, 'by ann@')
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, 'URL')
    .replaceAll(/password \S{20} \(/g, 'password PASSWORD (')
    .replaceAll(/password=\S{20}$/gm, 'password=PASSWORD')
    .replaceAll(/\b\d+ (trees|blobs|files\/dirs)\b/g, 'N $1')
    .replaceAll(/^(Dirs|Tree Blobs): .*$/gm, '$1')
    .replaceAll(/\d+\.\d\d% of remaining/g, 'PERCENT of remaining')
    .replaceAll(/(-| )\1+/g, '$1')
    .split('\n')
  // Steps that are done at the same time come in either order.
  const isStep = (line: string): boolean => line.startsWith('[')
  return [...lines.filter((line) => !isStep(line)), ...lines.filter(isStep).toSorted()].join('\n')
}
