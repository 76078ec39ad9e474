import { mkdirSync } from 'node:fs'
import { type Bench, runPaired } from '../bench.ts'
import { median } from '../figures.ts'
import type { Comparison } from '../results.ts'
import { type Tool, type ToolName, type ToolPlace, toolPlace } from '../tools.ts'
import { countTree } from '../tree-counts.ts'

/** A repository with one snapshot of everything. */
export interface FilledRepository {
  readonly place: ToolPlace
  readonly snapshot: string
}

export interface FirstBackups {
  readonly comparison: Comparison
  /** Median of the bytes of all files of the repository, per tool. */
  readonly storedBytes: Readonly<Record<ToolName, number>>
  /** The repositories of the last round, if they were to be kept. */
  readonly repositories: ReadonlyMap<ToolName, FilledRepository>
}

export interface FirstBackupsOptions {
  readonly title: string
  readonly paths: readonly string[]
  readonly keep?: boolean
  readonly beforeRound?: (round: number) => Promise<void>
}

/** First backups of the paths, each into a new repository. */
export async function firstBackups(bench: Bench, options: FirstBackupsOptions): Promise<FirstBackups> {
  const stored: Record<ToolName, number[]> = { holdfast: [], restic: [], borg: [] }
  const repositories = new Map<ToolName, FilledRepository>()
  const comparison = await runPaired(bench, {
    title: options.title,
    ...(options.beforeRound === undefined ? {} : { beforeRound: options.beforeRound }),
    run: async (tool, round) => {
      const snapshot = `round-${round + 1}`
      const place = await newRepository(bench, tool)
      const measurement = await bench.runner.measure(tool.backup(place, { paths: options.paths, snapshot }))
      stored[tool.name].push(countTree(place.repository).bytes)
      if (options.keep === true) repositories.set(tool.name, { place, snapshot })
      else bench.workspace.remove(place.folder)
      return measurement
    },
  })
  const storedBytes = { holdfast: median(stored.holdfast), restic: median(stored.restic), borg: median(stored.borg) }
  return { comparison, storedBytes, repositories }
}

/** An empty repository of the tool; one that it had is removed. */
export async function newRepository(bench: Bench, tool: Tool): Promise<ToolPlace> {
  const place = toolPlace(bench.workspace.path(`repository-${tool.name}`))
  bench.workspace.remove(place.folder)
  mkdirSync(place.folder)
  await bench.runner.measure(tool.init(place))
  return place
}
