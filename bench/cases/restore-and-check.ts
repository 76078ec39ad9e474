import { mkdirSync } from 'node:fs'
import { type Bench, runPaired } from '../bench.ts'
import { type CaseResult, speedup } from '../results.ts'
import type { ToolName } from '../tools.ts'
import { countTree, type TreeCounts } from '../tree-counts.ts'
import type { FilledRepository } from './first-backups.ts'

type Repositories = ReadonlyMap<ToolName, FilledRepository>

/** Full restores into an empty folder. A restore that does not bring all files and bytes back is an error. */
export async function restoreCase(bench: Bench, repositories: Repositories, expected: TreeCounts): Promise<CaseResult> {
  const { workspace, runner } = bench
  const target = workspace.path('restored')
  const comparison = await runPaired(bench, {
    title: 'full restore',
    run: async (tool) => {
      const { place, snapshot } = repositoryOf(repositories, tool.name)
      mkdirSync(target)
      const measurement = await runner.measure(tool.restore(place, { target, snapshot }))
      const restored = countTree(target)
      workspace.remove(target)
      if (restored.files === expected.files && restored.bytes === expected.bytes) return measurement
      throw new Error(`Cannot measure restoring: ${tool.name} gave back ${JSON.stringify(restored)} of ${JSON.stringify(expected)}`)
    },
  })
  return { comparisons: [comparison], outcomes: [{ promise: 'restore', values: [speedup(comparison, 'restic')] }] }
}

/** Reads and verifies all that was stored. */
export async function checkCase(bench: Bench, repositories: Repositories): Promise<CaseResult> {
  const comparison = await runPaired(bench, {
    title: 'check --read-data',
    run: (tool) => bench.runner.measure(tool.checkData(repositoryOf(repositories, tool.name).place)),
  })
  return { comparisons: [comparison], outcomes: [{ promise: 'checkData', values: [speedup(comparison, 'restic')] }] }
}

function repositoryOf(repositories: Repositories, tool: ToolName): FilledRepository {
  const found = repositories.get(tool)
  if (found === undefined) throw new Error(`Cannot go on: there is no repository of ${tool}`)
  return found
}
