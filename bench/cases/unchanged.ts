import { type Bench, runPaired } from '../bench.ts'
import { makeSmallFiles } from '../data-sets.ts'
import { type CaseResult, speedup } from '../results.ts'
import type { ToolName, ToolPlace } from '../tools.ts'
import { countTree } from '../tree-counts.ts'
import { newRepository } from './first-backups.ts'

/** What a backup of nothing new may add to a repository: a snapshot, and what borg writes about every folder. */
const ADDED_SHARE_MAX = 0.1

/** Backups of a folder that is in the repository already, exactly as it is. */
export async function unchangedCase(bench: Bench): Promise<CaseResult> {
  const { workspace, runner, tools, sizes, say } = bench
  const folder = workspace.path('unchanged')
  say(`making ${sizes.unchangedFiles} small files`)
  await makeSmallFiles(folder, sizes.unchangedFiles, 'unchanged files')
  const places = new Map<ToolName, { readonly place: ToolPlace; readonly bytes: number }>()
  for (const tool of tools) {
    say(`the first backup of them, unmeasured: ${tool.name}`)
    const place = await newRepository(bench, tool)
    await runner.measure(tool.backup(place, { paths: [folder], snapshot: 'first' }))
    places.set(tool.name, { place, bytes: countTree(place.repository).bytes })
  }
  const comparison = await runPaired(bench, {
    title: `unchanged backup, ${sizes.unchangedFiles} files`,
    run: (tool, round) => {
      const found = places.get(tool.name)
      if (found === undefined) throw new Error(`Cannot go on: there is no repository of ${tool.name}`)
      return runner.measure(tool.backup(found.place, { paths: [folder], snapshot: `round-${round + 1}` }))
    },
  })
  for (const [tool, { place, bytes }] of places) {
    const added = countTree(place.repository).bytes - bytes
    if (added > bytes * ADDED_SHARE_MAX) throw new Error(`Cannot measure unchanged backups: ${tool} stored ${added} bytes more`)
    workspace.remove(place.folder)
  }
  workspace.remove(folder)
  return { comparisons: [comparison], outcomes: [{ promise: 'unchanged', values: [speedup(comparison, 'restic')] }] }
}
