import { parseAst } from 'vitest/node'

/** What the rules need to know about one TypeScript module. Lines count from 1. */
export interface ModuleFacts {
  /** Relative to the repository, with slashes. */
  readonly path: string
  readonly lineCount: number
  readonly imports: readonly ImportFact[]
  readonly exports: readonly ExportFact[]
  readonly functions: readonly FunctionFact[]
  /** Dotted names (`Date.now`), calls of global functions (`setTimeout`) and `new Date()`. */
  readonly uses: readonly UseFact[]
  readonly strings: ReadonlySet<string>
}

export interface ImportFact {
  readonly specifier: string
  /** What is imported by name, or everything. */
  readonly names: readonly string[] | 'all'
  /** `worker` is `new URL('./x.ts', import.meta.url)`: the module runs, but not as part of this one. */
  readonly kind: 'value' | 'type' | 'dynamic' | 'worker'
  readonly line: number
}

export interface ExportFact {
  readonly name: string
  readonly line: number
  readonly kind: 'type' | 'function' | 'class' | 'value'
  /** Whether a comment stands right before it. */
  readonly isDocumented: boolean
  /** Identifiers that its declaration mentions. */
  readonly mentions: ReadonlySet<string>
}

export interface FunctionFact {
  readonly name: string
  readonly line: number
  readonly lineCount: number
}

export interface UseFact {
  readonly name: string
  readonly line: number
}

interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

/** Reads the facts of one module; throws with its path when it does not parse. */
export function factsOf(path: string, source: string): ModuleFacts {
  const program = parse(path, source)
  const lineAt = lineFinder(source)
  const facts = {
    path,
    lineCount: source.split('\n').length - (source.endsWith('\n') ? 1 : 0),
    imports: [] as ImportFact[],
    exports: [] as ExportFact[],
    functions: [] as FunctionFact[],
    uses: [] as UseFact[],
    strings: new Set<string>(),
  }
  walk(program, (node, parent) => {
    const line = lineAt(node.start)
    const imported = importOf(node, line)
    if (imported !== undefined) facts.imports.push(imported)
    const isDocumented = source.slice(0, node.start).trimEnd().endsWith('*/')
    facts.exports.push(...exportsOf(node).map((one) => ({ ...one, line, isDocumented })))
    const name = functionNameOf(node, parent)
    if (name !== undefined) facts.functions.push({ name, line, lineCount: lineAt(node.end) - line + 1 })
    const use = useOf(node)
    if (use !== undefined) facts.uses.push({ name: use, line })
    if (node.type === 'Literal' && typeof node.value === 'string') facts.strings.add(node.value)
  })
  return facts
}

function parse(path: string, source: string): SyntaxNode {
  try {
    const program: unknown = parseAst(source, { lang: path.endsWith('.tsx') ? 'tsx' : 'ts' })
    if (isNode(program)) return program
  } catch (error) {
    throw new Error(`Cannot parse ${path}: ${String(error)}`, { cause: error })
  }
  throw new Error(`Cannot parse ${path}: no syntax tree`)
}

function lineFinder(source: string): (offset: number) => number {
  const starts = [0]
  for (let at = source.indexOf('\n'); at !== -1; at = source.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return low + 1
  }
}

function walk(node: SyntaxNode, visit: (node: SyntaxNode, parent: SyntaxNode | undefined) => void): void {
  const pending: { readonly node: SyntaxNode; readonly parent: SyntaxNode | undefined }[] = [{ node, parent: undefined }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    visit(next.node, next.parent)
    for (const child of childrenOf(next.node)) pending.push({ node: child, parent: next.node })
  }
}

function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  return Object.values(node).flat().filter(isNode)
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && 'start' in value
}

function nodesOf(value: unknown): readonly SyntaxNode[] {
  return Array.isArray(value) ? value.filter(isNode) : []
}

function textOf(value: unknown): string | undefined {
  if (!isNode(value)) return undefined
  const text = value.type === 'Identifier' ? value.name : value.value
  return typeof text === 'string' ? text : undefined
}

function importOf(node: SyntaxNode, line: number): ImportFact | undefined {
  const specifier = textOf(node.source)
  switch (node.type) {
    case 'ImportDeclaration':
      return specifier === undefined
        ? undefined
        : { specifier, names: importedNames(node), kind: node.importKind === 'type' ? 'type' : 'value', line }
    case 'ExportNamedDeclaration': {
      const names = nodesOf(node.specifiers).flatMap((one) => textOf(one.local) ?? [])
      return specifier === undefined ? undefined : { specifier, names, kind: node.exportKind === 'type' ? 'type' : 'value', line }
    }
    case 'ExportAllDeclaration':
      return specifier === undefined ? undefined : { specifier, names: 'all', kind: 'value', line }
    case 'ImportExpression':
      return specifier === undefined ? undefined : { specifier, names: 'all', kind: 'dynamic', line }
    case 'TSImportType': {
      const named = textOf(node.source ?? node.argument)
      return named === undefined ? undefined : { specifier: named, names: 'all', kind: 'type', line }
    }
    case 'NewExpression': {
      const url = textOf(node.callee) === 'URL' ? textOf(nodesOf(node.arguments)[0]) : undefined
      return url?.endsWith('.ts') ? { specifier: url, names: 'all', kind: 'worker', line } : undefined
    }
    default:
      return undefined
  }
}

function importedNames(node: SyntaxNode): readonly string[] | 'all' {
  const specifiers = nodesOf(node.specifiers)
  if (specifiers.some((one) => one.type === 'ImportNamespaceSpecifier')) return 'all'
  return specifiers.flatMap((one) => (one.type === 'ImportDefaultSpecifier' ? 'default' : (textOf(one.imported) ?? [])))
}

function exportsOf(node: SyntaxNode): readonly Omit<ExportFact, 'line' | 'isDocumented'>[] {
  if (node.type === 'ExportDefaultDeclaration') return [{ name: 'default', kind: 'value', mentions: new Set() }]
  if (node.type !== 'ExportNamedDeclaration' || isNode(node.source)) return []
  const declaration = node.declaration
  if (!isNode(declaration)) {
    const names = nodesOf(node.specifiers).flatMap((one) => textOf(one.exported) ?? [])
    return names.map((name) => ({ name, kind: node.exportKind === 'type' ? 'type' : 'value', mentions: new Set() }))
  }
  const declared = declaration.type === 'VariableDeclaration' ? nodesOf(declaration.declarations) : [declaration]
  const mentions = identifiersIn(declaration)
  const kind = DECLARATIONS.get(declaration.type) ?? 'value'
  return declared.flatMap((one) => textOf(one.id) ?? []).map((name) => ({ name, kind, mentions }))
}

const DECLARATIONS: ReadonlyMap<string, ExportFact['kind']> = new Map([
  ['TSInterfaceDeclaration', 'type'],
  ['TSTypeAliasDeclaration', 'type'],
  ['FunctionDeclaration', 'function'],
  ['TSDeclareFunction', 'function'],
  ['ClassDeclaration', 'class'],
])

function identifiersIn(node: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>()
  walk(node, (inner) => {
    if (inner.type === 'Identifier') names.add(String(inner.name))
  })
  return names
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

function functionNameOf(node: SyntaxNode, parent: SyntaxNode | undefined): string | undefined {
  if (!FUNCTIONS.has(node.type)) return undefined
  return textOf(node.id) ?? textOf(parent?.key) ?? textOf(parent?.id) ?? 'anonymous function'
}

function useOf(node: SyntaxNode): string | undefined {
  if (node.type === 'MemberExpression') return dottedNameOf(node)
  if (node.type === 'CallExpression') {
    const callee = textOf(node.callee)
    return callee === 'Date' ? 'Date()' : callee
  }
  const isNow = node.type === 'NewExpression' && textOf(node.callee) === 'Date' && nodesOf(node.arguments).length === 0
  return isNow ? 'new Date()' : undefined
}

function dottedNameOf(node: SyntaxNode): string | undefined {
  const property = textOf(node.property)
  if (!isNode(node.object) || property === undefined) return undefined
  const object = node.object.type === 'MemberExpression' ? dottedNameOf(node.object) : textOf(node.object)
  if (object === undefined) return undefined
  return object === 'globalThis' ? property : `${object}.${property}`
}
