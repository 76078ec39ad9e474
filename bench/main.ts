import { writeFileSync } from 'node:fs'
import type { Bench } from './bench.ts'
import { ALL_DATA, backupCase, storedBytes } from './cases/backup.ts'
import { blobIndexCase } from './cases/blob-index.ts'
import { doublingCase } from './cases/doubling.ts'
import { type FirstBackups, firstBackups } from './cases/first-backups.ts'
import { checkCase, restoreCase } from './cases/restore-and-check.ts'
import { unchangedCase } from './cases/unchanged.ts'
import { describeMainData, type MainData, makeMainData, makeSmallFiles } from './data-sets.ts'
import { describeMachine } from './machine.ts'
import { type BenchOptions, type CaseName, parseOptions, ROOT } from './options.ts'
import type { Outcome } from './promises.ts'
import { type ReportParts, renderReport } from './report.ts'
import { type CaseResult, speedup } from './results.ts'
import { Runner } from './runner.ts'
import { benchTools } from './tools.ts'
import { countTree } from './tree-counts.ts'
import { Workspace } from './workspace.ts'

/** Measures the engine by its command line beside restic and borg. */
const RESULTS_FILE = `${ROOT}bench/RESULTS.md`
/** Of the main data: itself, restored, and in three repositories; and the tools themselves. */
const MAIN_DATA_COPIES = 4.5
const SPARE_BYTES = 1.5e9
const WARM_UP_FILES = 500

try {
  const options = parseOptions(process.argv.slice(2))
  if (options !== undefined) await main(options)
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

async function main(chosen: BenchOptions): Promise<void> {
  const startedAt = process.hrtime.bigint()
  const elapsed = (): number => Number(process.hrtime.bigint() - startedAt) / 1e9
  const tools = benchTools(chosen.program)
  const machine = describeMachine(tools)
  const workspace = new Workspace(chosen.folder)
  const runner = new Runner()
  let isStopping = false
  const stop = (): void => {
    isStopping = true
    void runner.stop().then(() => {
      workspace.remove()
      process.exit(130)
    })
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  const say = (text: string): void => console.log(`[${elapsed().toFixed(0).padStart(4)} s] ${text}`)
  try {
    const found = await measureAll({ workspace, runner, tools, sizes: chosen.sizes, say }, chosen.cases)
    const text = renderReport({ ...found, machine, repeats: chosen.sizes.repeats })
    console.log(`\n${text}`)
    if (chosen.isComplete) writeFileSync(RESULTS_FILE, text)
    else console.log('bench/RESULTS.md stays as it is: this was not the whole bench.')
    say('done')
  } catch (error) {
    // What was killed on the way fails, which is no news.
    if (!isStopping) throw error
  } finally {
    workspace.remove()
  }
}

async function measureAll(bench: Bench, cases: readonly CaseName[]): Promise<Pick<ReportParts, 'data' | 'results'>> {
  const results: CaseResult[] = []
  let data: ReportParts['data'] = []
  await warmUp(bench)
  if (cases.some((name) => ['backup', 'large-file', 'real-files', 'small-files', 'restore', 'check'].includes(name))) {
    const found = await measureMainData(bench, cases)
    data = found.data
    results.push(...found.results)
  }
  if (cases.includes('unchanged')) results.push(await unchangedCase(bench))
  if (cases.includes('index')) results.push(await blobIndexCase(bench))
  if (cases.includes('doubling')) results.push(await doublingCase(bench))
  return { data, results }
}

/** Has each tool make a repository, back up, restore and check once, so that none is read from the disk when it counts. */
async function warmUp(bench: Bench): Promise<void> {
  const { workspace, runner, tools, say } = bench
  const folder = workspace.path('warm-up')
  say(`warming up ${tools.map(({ name, version }) => `${name} ${version}`).join(', ')}`)
  await makeSmallFiles(folder, WARM_UP_FILES, 'warm-up')
  const quiet: Bench = { ...bench, sizes: { ...bench.sizes, repeats: 1 }, say: () => undefined }
  const { repositories } = await firstBackups(quiet, { title: 'warm-up', paths: [folder], keep: true })
  await restoreCase(quiet, repositories, countTree(folder))
  await checkCase(quiet, repositories)
  for (const { place } of repositories.values()) {
    workspace.remove(place.folder)
  }
  workspace.remove(folder)
  await runner.runProgram('./index-memory.ts', ['1000'], ['--expose-gc'])
}

async function measureMainData(bench: Bench, cases: readonly CaseName[]): Promise<Pick<ReportParts, 'data' | 'results'>> {
  const { workspace, sizes, say } = bench
  const wantedBytes = sizes.largeFileBytes + sizes.realFilesBytes + sizes.smallFiles * 8192
  workspace.requireRoom(wantedBytes * MAIN_DATA_COPIES + SPARE_BYTES, 'first backups')
  say('making the data of the first backups')
  const data = await makeMainData(workspace.path('data'), sizes)
  const description = describeMainData(data)
  for (const { name, counts } of description) say(`  ${name}: ${counts.files} files, ${(counts.bytes / 1e6).toFixed(0)} MB`)
  const parts = await measureParts(bench, data, cases)
  const results = [...parts.results]
  const stored = [...parts.stored]
  if (cases.some((name) => name === 'backup' || name === 'restore' || name === 'check')) {
    const whole = cases.includes('backup') ? await backupCase(bench, data) : undefined
    if (whole !== undefined) {
      results.unshift(whole.result)
      stored.unshift({ name: ALL_DATA, backups: whole.backups })
    }
    const { repositories } = whole?.backups ?? (await fillRepositories(bench, data))
    if (cases.includes('restore')) results.push(await restoreCase(bench, repositories, countTree(data.folder)))
    if (cases.includes('check')) results.push(await checkCase(bench, repositories))
    for (const { place } of repositories.values()) workspace.remove(place.folder)
  }
  workspace.remove(data.folder)
  if (stored.length > 0) results.push(storedBytes(stored))
  return { data: description, results }
}

/** First backups of each part of the main data by itself. */
async function measureParts(
  bench: Bench,
  data: MainData,
  cases: readonly CaseName[],
): Promise<{
  readonly results: readonly CaseResult[]
  readonly stored: readonly { readonly name: string; readonly backups: FirstBackups }[]
}> {
  const parts = [
    { name: 'large-file', title: 'one incompressible file', path: data.largeFile },
    { name: 'real-files', title: 'binaries and texts', path: data.realFiles },
    { name: 'small-files', title: 'small files', path: data.smallFiles },
  ] as const
  const results: CaseResult[] = []
  const stored: { name: string; backups: FirstBackups }[] = []
  for (const { name, title, path } of parts.filter((part) => cases.includes(part.name))) {
    const backups = await firstBackups(bench, { title: `first backup, ${title}`, paths: [path] })
    const { comparison } = backups
    stored.push({ name: title, backups })
    const outcomes: readonly Outcome[] = name === 'large-file' ? [{ promise: 'largeFile', values: [speedup(comparison, 'restic')] }] : []
    results.push({ comparisons: [comparison], outcomes })
  }
  return { results, stored }
}

/** The repositories that restoring and checking need, when first backups themselves are not asked for. */
async function fillRepositories(bench: Bench, data: MainData): Promise<FirstBackups> {
  const once: Bench = { ...bench, sizes: { ...bench.sizes, repeats: 1 } }
  return await firstBackups(once, { title: 'first backup, all data, to restore and check', paths: [data.folder], keep: true })
}
