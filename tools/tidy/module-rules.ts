import { posix } from 'node:path'
import type { Complaint } from './complaint.ts'
import { type PackageManifest, targetOf } from './import-rules.ts'
import type { ExportFact, ModuleFacts } from './module-facts.ts'
import { isTestCode } from './repository-files.ts'

/** The budgets of the house style. The hard ones hold for every function and file, the others for all of them together. */
const BUDGETS = {
  functionLinesMax: 70,
  functionLinesMean: 18,
  longFunctionLines: 60,
  longFunctionShare: 0.03,
  fileLinesMax: 500,
  fileLinesP90: 300,
} as const

/** Functions and files that are longer than they may be. Tests may be longer. */
export function budgetComplaints(modules: readonly ModuleFacts[]): readonly Complaint[] {
  const ours = modules.filter(({ path }) => !isTestCode(path))
  const files = ours
    .filter(({ lineCount }) => lineCount > BUDGETS.fileLinesMax)
    .map(({ path, lineCount }) => ({ path, line: 0, message: `${lineCount} lines, at most ${BUDGETS.fileLinesMax}` }))
  const functions = ours.flatMap(({ path, functions: all }) =>
    all
      .filter(({ lineCount }) => lineCount > BUDGETS.functionLinesMax)
      .map(({ name, line, lineCount }) => ({ path, line, message: `${name}: ${lineCount} lines, at most ${BUDGETS.functionLinesMax}` })),
  )
  return [...files, ...functions, ...overallComplaints(ours)]
}

function overallComplaints(modules: readonly ModuleFacts[]): readonly Complaint[] {
  const lengths = modules.flatMap(({ functions }) => functions.map(({ lineCount }) => lineCount))
  const mean = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length)
  const long = lengths.filter((length) => length > BUDGETS.longFunctionLines).length / Math.max(1, lengths.length)
  const sizes = modules.map(({ lineCount }) => lineCount).toSorted((a, b) => a - b)
  const p90 = sizes[Math.floor(sizes.length * 0.9)] ?? 0
  const messages = [
    mean > BUDGETS.functionLinesMean ? `functions have ${mean.toFixed(1)} lines on average, at most ${BUDGETS.functionLinesMean}` : '',
    long > BUDGETS.longFunctionShare
      ? `${(long * 100).toFixed(1)}% of the functions have more than ${BUDGETS.longFunctionLines} lines`
      : '',
    p90 > BUDGETS.fileLinesP90 ? `one file in ten has more than ${p90} lines, at most ${BUDGETS.fileLinesP90}` : '',
  ]
  return messages.filter((message) => message !== '').map((message) => ({ path: 'packages', line: 0, message }))
}

/** Exports that nothing imports, and modules that nothing reaches. What a package offers through its entry points is alive. */
export function deadCodeComplaints(modules: readonly ModuleFacts[], manifests: readonly PackageManifest[]): readonly Complaint[] {
  const entries = new Set(manifests.flatMap(({ folder, entryPoints }) => Object.values(entryPoints).map((path) => entryPath(folder, path))))
  const used = usedNames(modules, manifests)
  return modules
    .filter(({ path }) => /^packages\/[^/]+\/src\/|^tools\//.test(path) && !path.endsWith('.d.ts'))
    .filter(({ path }) => !isTestCode(path) && !entries.has(path) && !/\/main\.tsx?$/.test(path))
    .flatMap((module) => {
      const names = used.get(module.path)
      if (names === undefined) return [{ path: module.path, line: 0, message: 'nothing imports this module' }]
      if (names === 'all') return []
      return module.exports
        .filter((one) => !names.has(one.name) && !isPartOfAnother(one, module.exports))
        .map(({ name, line }) => ({ path: module.path, line, message: `${name} is exported but nothing imports it` }))
    })
}

/** Exported functions and classes that do not say their contract. */
export function undocumentedComplaints(modules: readonly ModuleFacts[]): readonly Complaint[] {
  return modules
    .filter(({ path }) => path.startsWith('packages/') && !path.endsWith('.test.ts') && !path.endsWith('.d.ts'))
    .flatMap(({ path, exports }) =>
      exports
        .filter(({ kind, isDocumented }) => (kind === 'function' || kind === 'class') && !isDocumented)
        .map(({ name, line }) => ({ path, line, message: `${name} is exported and does not say its contract` })),
    )
}

/** npm packages that a package.json names and no module of that package mentions. */
export function unusedDependencyComplaints(modules: readonly ModuleFacts[], manifests: readonly PackageManifest[]): readonly Complaint[] {
  return manifests.flatMap(({ folder, dependencies }) => {
    const own = modules.filter(({ path }) => path.startsWith(`packages/${folder}/src/`))
    const mentioned = own.flatMap(({ imports, strings }) => [...imports.map(({ specifier }) => specifier), ...strings])
    return dependencies
      .filter((name) => !mentioned.some((one) => one === name || one.startsWith(`${name}/`)))
      .map((name) => ({ path: `packages/${folder}/package.json`, line: 0, message: `nothing imports ${name}` }))
  })
}

/** A type may be exported for the sake of an exported function that takes or returns it. */
function isPartOfAnother(one: ExportFact, all: readonly ExportFact[]): boolean {
  return one.kind === 'type' && all.some((other) => other !== one && other.mentions.has(one.name))
}

function usedNames(
  modules: readonly ModuleFacts[],
  manifests: readonly PackageManifest[],
): ReadonlyMap<string, ReadonlySet<string> | 'all'> {
  const used = new Map<string, Set<string> | 'all'>()
  for (const module of modules) {
    for (const fact of module.imports) {
      const target = targetOf(module, fact, manifests)
      if (target === undefined || target === module.path) continue
      const names = used.get(target) ?? new Set<string>()
      if (names === 'all' || fact.names === 'all') used.set(target, 'all')
      else used.set(target, new Set([...names, ...fact.names]))
    }
  }
  return used
}

function entryPath(folder: string, path: string): string {
  return posix.join('packages', folder, path)
}
