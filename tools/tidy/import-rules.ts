import { posix } from 'node:path'
import { type Door, ENGINE_LAYERS, PACKAGES } from '../layers.ts'
import type { Complaint } from './complaint.ts'
import type { ImportFact, ModuleFacts } from './module-facts.ts'
import { isTestCode } from './repository-files.ts'

/** The parts of a package.json that imports depend on. */
export interface PackageManifest {
  /** Its folder below `packages/`. */
  readonly folder: string
  /** From `exports`: `.` or `./sub` to a path in the package. */
  readonly entryPoints: Readonly<Record<string, string>>
  readonly dependencies: readonly string[]
}

const SCOPE = '@holdfast/'

/** The file of this repository that an import leads to, or undefined for anything outside. */
export function targetOf(module: ModuleFacts, fact: ImportFact, manifests: readonly PackageManifest[]): string | undefined {
  if (fact.specifier.startsWith('.')) return posix.join(posix.dirname(module.path), fact.specifier)
  if (!fact.specifier.startsWith(SCOPE)) return undefined
  const [folder = '', ...rest] = fact.specifier.slice(SCOPE.length).split('/')
  const entry = manifests.find((one) => one.folder === folder)?.entryPoints[['.', ...rest].join('/')]
  return entry === undefined ? undefined : posix.join('packages', folder, entry)
}

/** Imports that the layer table does not allow. */
export function layerComplaints(modules: readonly ModuleFacts[], manifests: readonly PackageManifest[]): readonly Complaint[] {
  return modules.flatMap((module) =>
    module.imports.flatMap((fact) => {
      const message = layerBreach(module, fact, manifests)
      return message === undefined ? [] : [{ path: module.path, line: fact.line, message }]
    }),
  )
}

function layerBreach(module: ModuleFacts, fact: ImportFact, manifests: readonly PackageManifest[]): string | undefined {
  const own = packageOf(module.path)
  if (own === undefined) return undefined
  if (fact.specifier.startsWith(SCOPE)) return packageBreach(own, module.path, fact.specifier)
  const target = targetOf(module, fact, manifests)
  if (target === undefined) return undeclaredDependency(own, module.path, { fact, manifests })
  if (packageOf(target) !== own) return `reaches into another package by path (${fact.specifier}): import it by its name`
  if (own !== 'engine' || isTestCode(module.path) || !module.path.startsWith('packages/engine/src/')) return undefined
  return engineBreach(module.path, target)
}

function packageBreach(own: string, path: string, specifier: string): string | undefined {
  const wanted = specifier.slice(SCOPE.length)
  // What a package offers to tests alone, its examples and its own tests by name.
  if (wanted.endsWith('/testing')) return isTestCode(path) ? undefined : `imports ${specifier} outside of tests`
  if (wanted === own) return /^packages\/[^/]+\/(test|examples)\//.test(path) ? undefined : 'imports its own package by name'
  const allowed: readonly string[] | undefined = rowOf(PACKAGES, own)
  if (allowed === undefined) return `package ${own} has no row in tools/layers.ts`
  return allowed.includes(wanted) ? undefined : `package ${own} may not import ${specifier}`
}

function engineBreach(path: string, target: string): string | undefined {
  const from = engineLayerOf(path)
  const to = engineLayerOf(target)
  const allowed: readonly string[] | undefined = rowOf(ENGINE_LAYERS, from)
  if (allowed === undefined) return `engine folder ${from} has no row in tools/layers.ts`
  return from === to || allowed.includes(to) ? undefined : `layer ${from} may not import ${to} (${posix.basename(target)})`
}

function undeclaredDependency(
  own: string,
  path: string,
  options: { readonly fact: ImportFact; readonly manifests: readonly PackageManifest[] },
): string | undefined {
  const { specifier } = options.fact
  // What only builds or tests is of the development's packages.
  if (specifier.startsWith('node:') || isTestCode(path) || path.endsWith('.config.ts')) return undefined
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const declared = options.manifests.find((one) => one.folder === own)?.dependencies ?? []
  return declared.includes(name) ? undefined : `imports ${name}, which packages/${own}/package.json does not name`
}

function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(path)?.[1]
}

function engineLayerOf(path: string): string {
  return /^packages\/engine\/src\/([^/]+?)(?:\.ts)?(?:\/|$)/.exec(path)?.[1] ?? path
}

function rowOf<T>(table: Readonly<Record<string, T>>, row: string): T | undefined {
  return Object.hasOwn(table, row) ? table[row] : undefined
}

/** Rings of modules that import each other at run time. Importing types alone is no edge. */
export function cycleComplaints(modules: readonly ModuleFacts[], manifests: readonly PackageManifest[]): readonly Complaint[] {
  const edges = new Map(modules.map((module) => [module.path, runtimeTargets(module, manifests)]))
  const done = new Set<string>()
  const complaints: Complaint[] = []
  for (const { path } of modules) {
    const ring = findRing(path, edges, done)
    if (ring !== undefined) complaints.push({ path: ring[0] ?? path, line: 0, message: `import cycle: ${ring.join(' -> ')}` })
  }
  return complaints
}

function runtimeTargets(module: ModuleFacts, manifests: readonly PackageManifest[]): readonly string[] {
  return module.imports
    .filter(({ kind }) => kind === 'value' || kind === 'dynamic')
    .flatMap((fact) => targetOf(module, fact, manifests) ?? [])
}

/** Depth first from `start`; a module that is met again while it is on the trail closes a ring. */
function findRing(start: string, edges: ReadonlyMap<string, readonly string[]>, done: Set<string>): readonly string[] | undefined {
  const trail: { readonly path: string; next: number }[] = [{ path: start, next: 0 }]
  if (done.has(start)) return undefined
  for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
    const target = edges.get(top.path)?.[top.next]
    top.next += 1
    if (target === undefined) {
      done.add(top.path)
      trail.pop()
      continue
    }
    const met = trail.findIndex(({ path }) => path === target)
    if (met !== -1) {
      for (const { path } of trail) done.add(path)
      return [...trail.slice(met).map(({ path }) => path), target]
    }
    if (!done.has(target)) trail.push({ path: target, next: 0 })
  }
  return undefined
}

/** Ways to the outside that are taken by a module that may not. */
export function doorComplaints(modules: readonly ModuleFacts[], doors: readonly Door[]): readonly Complaint[] {
  return modules
    .filter(({ path }) => !isTestCode(path))
    .flatMap((module) =>
      doors
        .filter(({ within, only }) => within.test(module.path) && !only.includes(module.path))
        .flatMap((door) => passagesOf(module, door)),
    )
}

function passagesOf(module: ModuleFacts, door: Door): readonly Complaint[] {
  const where = door.only.length === 0 ? 'not here' : `only in ${door.only.join(', ')}`
  const uses = module.uses.filter(({ name }) => door.uses.some((pattern) => fits(name, pattern)))
  const imports = module.imports.filter((fact) => door.modules.some((pattern) => importFits(fact, pattern)))
  return [
    ...uses.map(({ name, line }) => ({ path: module.path, line, message: `${name}: ${door.what} ${where}` })),
    ...imports.map(({ specifier, line }) => ({ path: module.path, line, message: `${specifier}: ${door.what} ${where}` })),
  ]
}

function importFits(fact: ImportFact, pattern: string): boolean {
  const [specifier, name] = pattern.split('#')
  if (fact.kind === 'type' || fact.specifier !== specifier) return false
  return name === undefined || (fact.names !== 'all' && fact.names.some((one) => fits(one, name)))
}

function fits(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
