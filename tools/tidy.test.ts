import { describe, expect, test } from 'vitest'
import { AGENT_ERRORS } from '../packages/agent/src/errors.ts'
import { ENGINE_ERRORS } from '../packages/engine/src/errors.ts'
import { SERVER_ERRORS } from '../packages/server/src/errors.ts'
import { DOORS, ENGINE_LAYERS } from './layers.ts'
import { type Complaint, printed } from './tidy/complaint.ts'
import { ERROR_REFERENCE, errorReferenceComplaints, unusedErrorComplaints } from './tidy/error-rules.ts'
import { cycleComplaints, doorComplaints, layerComplaints } from './tidy/import-rules.ts'
import { licenceComplaints } from './tidy/licence-rules.ts'
import { factsOf } from './tidy/module-facts.ts'
import { budgetComplaints, deadCodeComplaints, undocumentedComplaints, unusedDependencyComplaints } from './tidy/module-rules.ts'
import { lockedPackages, packageManifests } from './tidy/package-files.ts'
import { modulesAmong, repositoryFiles } from './tidy/repository-files.ts'
import { changelogComplaints, linkComplaints, textComplaints } from './tidy/text-rules.ts'

const ERRORS = { ...ENGINE_ERRORS, ...SERVER_ERRORS, ...withMeanings(AGENT_ERRORS) }

/** The agent's table has meanings alone. */
function withMeanings(table: Readonly<Record<string, string>>): Readonly<Record<string, { readonly meaning: string }>> {
  return Object.fromEntries(Object.entries(table).map(([code, meaning]) => [code, { meaning }]))
}

function expectNone(complaints: readonly Complaint[]): void {
  if (complaints.length > 0) expect.fail(`not tidy (${complaints.length}):\n${printed(complaints).join('\n')}\n`)
}

describe('this repository', () => {
  const files = repositoryFiles()
  const modules = modulesAmong(files)
  const manifests = packageManifests()

  test('has modules to look at', () => {
    expect(modules.filter(({ path }) => path.startsWith('packages/engine/src/')).length).toBeGreaterThan(5)
    expect(modules.flatMap(({ functions }) => functions).length).toBeGreaterThan(50)
  })

  test('imports only what the layer table allows', () => expectNone(layerComplaints(modules, manifests)))

  test('has no import cycles at run time', () => expectNone(cycleComplaints(modules, manifests)))

  test('goes to the outside through its doors', () => expectNone(doorComplaints(modules, DOORS)))

  test('keeps the budgets of functions and files', () => expectNone(budgetComplaints(modules)))

  test('exports nothing that nobody imports', () => expectNone(deadCodeComplaints(modules, manifests)))

  test('says the contract of what it exports', () => expectNone(undocumentedComplaints(modules)))

  test('uses the packages that it depends on', () => expectNone(unusedDependencyComplaints(modules, manifests)))

  test('has no links that lead nowhere', () => expectNone(linkComplaints(files)))

  test('has lines that fit, and no leftovers', () => expectNone(textComplaints(files)))

  test('has a changelog in the form of its template', () => expectNone(changelogComplaints(files)))

  test('explains every error, and no other', () => {
    expectNone(errorReferenceComplaints(files.find(({ path }) => path === ERROR_REFERENCE)?.lines ?? [], ERRORS))
  })

  test('reports every error of its table somewhere', () => expectNone(unusedErrorComplaints(modules, ERRORS)))

  test('depends on permissive licences alone', () => {
    const locked = lockedPackages()
    expect(Object.keys(locked).length).toBeGreaterThan(20)
    expectNone(licenceComplaints(locked))
  })
})

describe('the layer table', () => {
  test('lists the engine bottom first', () => {
    const layers = Object.keys(ENGINE_LAYERS)
    for (const [layer, allowed] of Object.entries(ENGINE_LAYERS)) {
      for (const lower of allowed) expect(layers.indexOf(lower), `${layer} imports ${lower}`).toBeLessThan(layers.indexOf(layer))
    }
  })
})

describe('the rules', () => {
  const manifests = [
    { folder: 'engine', entryPoints: { '.': './src/index.ts' }, dependencies: ['ssh2'] },
    { folder: 'cli', entryPoints: { '.': './src/main.ts' }, dependencies: ['@holdfast/engine'] },
  ]
  const engine = 'packages/engine/src'

  /** Complaints of one rule about modules given as path and source. */
  function about(
    rule: (modules: readonly ReturnType<typeof factsOf>[]) => readonly Complaint[],
    sources: Record<string, string>,
  ): readonly string[] {
    return printed(rule(Object.entries(sources).map(([path, source]) => factsOf(path, source))))
  }

  test('see imports that go up, sideways or around', () => {
    const rule = (modules: Parameters<typeof layerComplaints>[0]): readonly Complaint[] => layerComplaints(modules, manifests)
    expect(about(rule, { [`${engine}/storage/a.ts`]: "\nimport type { B } from '../repository/b.ts'" })).toEqual([
      `${engine}/storage/a.ts:2: layer storage may not import repository (b.ts)`,
    ])
    expect(about(rule, { [`${engine}/storage/a.ts`]: "export { b } from '../index.ts'\nvoid import('../operations/c.ts')" })).toHaveLength(
      2,
    )
    expect(
      about(rule, { [`${engine}/storage/a.ts`]: "import { x } from '../errors.ts'\nimport { y } from './s3/y.ts'\nimport 'ssh2'" }),
    ).toEqual([])
    expect(about(rule, { [`${engine}/novel/a.ts`]: "import { x } from '../errors.ts'" })).toHaveLength(1)
    expect(about(rule, { [`${engine}/storage/a.test.ts`]: "import { x } from '../index.ts'" })).toEqual([])
    expect(about(rule, { [`${engine}/storage/a.ts`]: "import x from 'left-pad'\nimport { y } from '@holdfast/cli'" })).toHaveLength(2)
    expect(about(rule, { 'packages/cli/src/a.ts': "import { x } from '../../engine/src/errors.ts'" })).toHaveLength(1)
    expect(about(rule, { 'packages/cli/src/a.ts': "import { x } from '@holdfast/engine'" })).toEqual([])
    expect(about(rule, { 'packages/cli/src/a.ts': "import { x } from '@holdfast/engine/testing'" })).toHaveLength(1)
  })

  test('see cycles of values, not of types', () => {
    const rule = (modules: Parameters<typeof cycleComplaints>[0]): readonly Complaint[] => cycleComplaints(modules, manifests)
    const ring = { 'packages/x/src/a.ts': "import { b } from './b.ts'", 'packages/x/src/b.ts': "export { c } from './c.ts'" }
    expect(about(rule, { ...ring, 'packages/x/src/c.ts': "import { a } from './a.ts'" })).toHaveLength(1)
    expect(about(rule, { ...ring, 'packages/x/src/c.ts': "import { type A } from './a.ts'" })).toHaveLength(1)
    expect(about(rule, { ...ring, 'packages/x/src/c.ts': "import type { A } from './a.ts'" })).toEqual([])
    expect(about(rule, { ...ring, 'packages/x/src/c.ts': "new Worker(new URL('./a.ts', import.meta.url))" })).toEqual([])
  })

  test('see what goes around the doors', () => {
    const rule = (modules: Parameters<typeof doorComplaints>[0]): readonly Complaint[] => doorComplaints(modules, DOORS)
    const breaches = [
      'Date.now()',
      'globalThis.Date.now()',
      'new Date()',
      'Date()',
      'setTimeout(run, 5)',
      'Math.random()',
      'crypto.randomUUID()',
      "import { randomBytes } from 'node:crypto'",
      "import { spawn } from 'node:child_process'",
      'process.env.HOME',
      "process.env['HOME']",
      'console.log(1)',
      'process.stdout.write(text)',
      'process.exit(1)',
    ]
    for (const source of breaches) expect(about(rule, { [`${engine}/operations/a.ts`]: source }), source).not.toEqual([])
    const fine = ["import { createHash } from 'node:crypto'", 'new Date(5)', 'clock.sleep(5)', 'process.platform', 'clock.setTimeout()']
    for (const source of fine) expect(about(rule, { [`${engine}/operations/a.ts`]: source }), source).toEqual([])
    expect(about(rule, { [`${engine}/host/clock.ts`]: 'Date.now()' })).toEqual([])
    expect(about(rule, { 'packages/cli/src/a.ts': 'process.stdout.write(text)' })).toEqual([])
    expect(about(rule, { 'packages/cli/src/a.ts': 'process.env.HOME' })).not.toEqual([])
    expect(about(rule, { 'packages/cli/src/environment.ts': 'process.env.HOME' })).toEqual([])
    expect(about(rule, { [`${engine}/operations/a.test.ts`]: 'Date.now()' })).toEqual([])
  })

  test('see functions and files that are too long', () => {
    const lines = (count: number): string => 'step()\n'.repeat(count)
    const longFunctions = (source: string): readonly string[] =>
      about(budgetComplaints, { [`${engine}/a.ts`]: source }).filter((text) => text.includes('at most 70'))
    expect(longFunctions(`\nfunction short() {\n${lines(68)}}`)).toEqual([])
    expect(longFunctions(`\nfunction long() {\n${lines(69)}}`)).toEqual([`${engine}/a.ts:2: long: 71 lines, at most 70`])
    expect(longFunctions(`class A { run() {\n${lines(69)}} }`)).toEqual([`${engine}/a.ts:1: run: 71 lines, at most 70`])
    expect(longFunctions(`const arrow = () => {\n${lines(69)}}`)).toEqual([`${engine}/a.ts:1: arrow: 71 lines, at most 70`])
    expect(about(budgetComplaints, { [`${engine}/a.ts`]: lines(501) }).join()).toContain('501 lines, at most 500')
    expect(about(budgetComplaints, { [`${engine}/a.test.ts`]: lines(501) })).toEqual([])
  })

  test('see exports that nobody imports', () => {
    const rule = (modules: Parameters<typeof deadCodeComplaints>[0]): readonly Complaint[] => deadCodeComplaints(modules, manifests)
    const a = 'export function used(options: Options): void {}\nexport interface Options {}\nexport const unused = 1, dead = 2'
    const index = { [`${engine}/index.ts`]: "export { used } from './format/a.ts'" }
    expect(about(rule, { ...index, [`${engine}/format/a.ts`]: a })).toEqual([
      `${engine}/format/a.ts:3: unused is exported but nothing imports it`,
      `${engine}/format/a.ts:3: dead is exported but nothing imports it`,
    ])
    expect(about(rule, { ...index, [`${engine}/format/b.ts`]: 'const x = 1' })).toEqual([
      `${engine}/format/b.ts: nothing imports this module`,
    ])
  })

  test('see exports without a contract', () => {
    const source = '/** Says it. */\nexport function good() {}\n\nexport function bad() {}\n/** No. */\nconst x = 1\nexport class Worse {}'
    expect(about(undocumentedComplaints, { [`${engine}/format/a.ts`]: source })).toEqual([
      `${engine}/format/a.ts:4: bad is exported and does not say its contract`,
      `${engine}/format/a.ts:7: Worse is exported and does not say its contract`,
    ])
  })

  test('see dependencies that nobody uses', () => {
    const rule = (modules: Parameters<typeof deadCodeComplaints>[0]): readonly Complaint[] => unusedDependencyComplaints(modules, manifests)
    const cli = { 'packages/cli/src/a.ts': "import { x } from '@holdfast/engine'" }
    expect(about(rule, { ...cli, [`${engine}/a.ts`]: "import 'ssh2/lib/x.js'" })).toEqual([])
    expect(about(rule, { ...cli, [`${engine}/a.ts`]: '' })).toEqual(['packages/engine/package.json: nothing imports ssh2'])
  })

  test('see links that lead nowhere', () => {
    const files = (text: string): readonly Parameters<typeof linkComplaints>[0][number][] => [
      { path: 'docs/a.md', sizeBytes: 1, lines: ['', text] },
      { path: 'docs/guide/b.md', sizeBytes: 1, lines: [] },
    ]
    expect(linkComplaints(files('[b](guide/b.md#part), [c](guide/), [d](https://example.org/x), [e](../docs/a.md)'))).toEqual([])
    expect(printed(linkComplaints(files('[b](guide/c.md)')))).toEqual(['docs/a.md:2: the link to guide/c.md leads nowhere'])
  })

  test('see leftovers and long lines', () => {
    const file = (path: string, ...lines: readonly string[]): readonly string[] => printed(textComplaints([{ path, sizeBytes: 1, lines }]))
    const leftover = ['TO', 'DO'].join('')
    expect(file('a.ts', '', `// ${leftover}: later`)).toEqual(['a.ts:2: a note to oneself: do it, or write it down where users look'])
    expect(file('a.ts', ['it.', 'only('].join(''))).toHaveLength(1)
    expect(file('a.ts', 'x'.repeat(140))).toEqual([])
    expect(file('a.ts', 'x'.repeat(141))).toEqual(['a.ts:1: 141 columns, at most 140'])
    expect(file('packages/engine/src/utils/a.ts', '')).toHaveLength(1)
    expect(printed(textComplaints([{ path: 'a.bin', sizeBytes: 1_048_577, lines: [] }]))).toHaveLength(1)
  })

  test('see changelog entries without form', () => {
    const entry = (path: string, ...lines: readonly string[]): number => changelogComplaints([{ path, sizeBytes: 1, lines }]).length
    expect(entry('changelog/unreleased/some-fix.md', 'Fix: Restore keeps times', '', 'Times were cut to seconds.')).toBe(0)
    expect(entry('changelog/unreleased/Some.md', 'Fix: Restore keeps times', '', 'Times were cut to seconds.')).toBe(1)
    expect(entry('changelog/unreleased/some-fix.md', 'Restore keeps times.', 'x')).toBe(3)
  })

  test('see a reference that differs from the error table', () => {
    const table = { 'a.b': { retry: 'later', meaning: 'It is full.' }, 'a.c': { retry: 'never', meaning: 'It is gone.' } } as const
    const good = ['## a.b', 'It is full. Trying again later can help.', 'What to do: wait.', '## a.c', 'It is gone.', 'What to do: cry.']
    expect(errorReferenceComplaints(good, table)).toEqual([])
    expect(errorReferenceComplaints(good.slice(0, 3), table)).toHaveLength(1)
    expect(errorReferenceComplaints([...good, '## a.d', 'What.'], table)).toHaveLength(1)
    expect(errorReferenceComplaints(good.toReversed(), table).length).toBeGreaterThan(2)
    expect(errorReferenceComplaints(good.with(1, 'It is full.'), table)).toHaveLength(1)
    expect(errorReferenceComplaints(good.with(2, ''), table)).toHaveLength(1)
    const modules = [factsOf(`${engine}/a.ts`, "throw new EngineError('a.b', 'x')")]
    expect(printed(unusedErrorComplaints(modules, table))).toEqual([`${engine}/errors.ts: nothing ever reports a.c`])
  })

  test('see licences that are not permissive', () => {
    const locked = (licence: string | undefined, dev = false): number =>
      licenceComplaints({ 'node_modules/x': { dev, link: false, licence } }).length
    expect([locked('MIT'), locked('(MIT OR GPL-3.0)'), locked('GPL-3.0', true)]).toEqual([0, 0, 0])
    expect([locked('GPL-3.0'), locked('(MIT AND GPL-3.0)'), locked(undefined)]).toEqual([1, 1, 1])
  })
})
