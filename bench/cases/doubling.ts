import { join } from 'node:path'
import { type Bench, describeMeasurement } from '../bench.ts'
import type { Measurement } from '../command.ts'
import { makeDoublingPart } from '../data-sets.ts'
import { median, megabytes, seconds } from '../figures.ts'
import type { Outcome } from '../promises.ts'
import type { CaseResult } from '../results.ts'
import type { Tool } from '../tools.ts'
import { countTree } from '../tree-counts.ts'
import { newRepository } from './first-backups.ts'

/** What a first backup took of data of one size. */
interface Size {
  readonly parts: number
  readonly dataBytes: number
  readonly ours: Measurement[]
  readonly restic: Measurement[]
}

/** A repository of this data takes less than so much of it. */
const STORED_SHARE = 0.8
/** For the tools themselves. */
const SPARE_BYTES = 1.5e9

/** First backups of more and more data: what twice the data costs. restic runs beside the first round. */
export async function doublingCase(bench: Bench): Promise<CaseResult> {
  const { workspace, sizes, tools, say } = bench
  const folder = workspace.path('doubling')
  const room = (parts: number): number => parts * sizes.doublingPartBytes * (1.05 + STORED_SHARE) + SPARE_BYTES
  const fitting = sizes.doublingParts.filter((parts) => room(parts) <= workspace.availableBytes())
  if (fitting.length < 2) workspace.requireRoom(room(sizes.doublingParts[1] ?? 0), 'the cost of doubling')
  say(`making ${fitting.at(-1)} parts of ${megabytes(sizes.doublingPartBytes)} MB`)
  const parts = Array.from({ length: fitting.at(-1) ?? 0 }, (_, part) => join(folder, `part-${part + 1}`))
  for (const [position, path] of parts.entries()) await makeDoublingPart(path, position + 1, sizes.doublingPartBytes)
  const partBytes = parts.map((path) => countTree(path).bytes)
  const measured: readonly Size[] = fitting.map((count) => ({
    parts: count,
    dataBytes: partBytes.slice(0, count).reduce((sum, bytes) => sum + bytes, 0),
    ours: [],
    restic: [],
  }))
  for (let round = 0; round < sizes.repeats; round++) {
    for (const size of measured) {
      for (const tool of tools.filter(({ name }) => name === 'holdfast' || (name === 'restic' && round === 0))) {
        const measurement = await backUp(bench, tool, parts.slice(0, size.parts))
        ;(tool.name === 'holdfast' ? size.ours : size.restic).push(measurement)
        say(`first backup of ${megabytes(size.dataBytes)} MB, round ${round + 1}: ${tool.name} ${describeMeasurement(measurement)}`)
      }
    }
  }
  workspace.remove(folder)
  return report(measured, sizes.doublingParts.length - fitting.length)
}

async function backUp(bench: Bench, tool: Tool, paths: readonly string[]): Promise<Measurement> {
  const place = await newRepository(bench, tool)
  const measurement = await bench.runner.measure(tool.backup(place, { paths, snapshot: 'first' }))
  bench.workspace.remove(place.folder)
  return measurement
}

function report(measured: readonly Size[], leftOut: number): CaseResult {
  const columns = ['data MB', 'ours s', 'ours s/GB', 'ours peak MB', 'restic s', 'restic s/GB', 'restic peak MB']
  const rows = measured.map((size) => [
    megabytes(size.dataBytes),
    ...[size.ours, size.restic].flatMap((runs) => [
      seconds(medianTime(runs)),
      seconds(medianTime(runs) / (size.dataBytes / 1e9)),
      megabytes(medianPeak(runs)),
    ]),
  ])
  const note = leftOut === 0 ? [] : [`Doubling: ${leftOut} of the sizes did not fit into memory and were left out.`]
  return { tables: [{ title: 'Cost of doubling the data', columns, rows }], outcomes: outcomesOf(measured), notes: note }
}

/** Time and memory of each size, in proportion to those of the first one. */
function outcomesOf(measured: readonly Size[]): readonly Outcome[] {
  const [first, ...others] = measured
  if (first === undefined) return []
  const times = others.map((size) => medianTime(size.ours) / size.dataBytes / (medianTime(first.ours) / first.dataBytes))
  const peaks = others.map((size) => medianPeak(size.ours) / medianPeak(first.ours))
  return [
    { promise: 'doublingTime', values: times },
    { promise: 'doublingMemory', values: peaks },
  ]
}

function medianTime(runs: readonly Measurement[]): number {
  return median(runs.map((run) => run.seconds))
}

function medianPeak(runs: readonly Measurement[]): number {
  return median(runs.map((run) => run.peakBytes))
}
