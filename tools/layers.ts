/**
 * The one table of what may import what. `tools/tidy.test.ts` holds every module of the repository against it; `ARCHITECTURE.md` says
 * why the layers are what they are.
 */

/** Per package, the packages it may import. Some are still to come; their rows are here so that they start within bounds. */
export const PACKAGES = {
  engine: [],
  protocol: [],
  sources: ['engine'],
  agent: ['engine', 'sources', 'protocol'],
  server: ['agent/runner', 'engine', 'sources', 'protocol'],
  cli: ['engine', 'protocol', 'sources', 'agent', 'agent/runner', 'server'],
  web: ['protocol'],
} as const satisfies Readonly<Record<string, readonly string[]>>

/**
 * Per folder of `packages/engine/src`, the folders it may import besides itself, bottom first. `errors` is errors.ts, `index` is
 * index.ts. Test files may import anything of their own package.
 */
export const ENGINE_LAYERS = {
  // L0: pure, or a door to the machine
  errors: [],
  format: ['errors'],
  host: ['errors', 'format'],
  crypto: ['errors', 'format', 'host'],
  chunker: ['errors', 'format', 'host'],
  compression: ['errors', 'format', 'host'],
  // L1: where files live; knows no repository
  storage: ['errors', 'format', 'host'],
  // L2: keys, locks, packs, index, blobs
  repository: ['errors', 'format', 'host', 'crypto', 'chunker', 'compression', 'storage'],
  // L3: trees, snapshots, retention
  snapshots: ['errors', 'format', 'host', 'crypto', 'chunker', 'compression', 'storage', 'repository'],
  // L4: what a user asks for
  operations: ['errors', 'format', 'host', 'crypto', 'chunker', 'compression', 'storage', 'repository', 'snapshots'],
  index: ['errors', 'format', 'host', 'crypto', 'chunker', 'compression', 'storage', 'repository', 'snapshots', 'operations'],
  testing: ['errors', 'format', 'host', 'crypto', 'chunker', 'compression', 'storage', 'repository', 'snapshots', 'operations', 'index'],
} as const satisfies Readonly<Record<string, readonly string[]>>

/** One way to the outside world, and the only modules that may take it. Test files and `testing` folders are free. */
export interface Door {
  readonly what: string
  /** Which files the door is closed for. */
  readonly within: RegExp
  readonly only: readonly string[]
  /** Dotted names whose use passes the door; `*` at the end stands for anything. */
  readonly uses: readonly string[]
  /** Modules whose import passes the door; `module#name` narrows it to that name, where `*` at the end stands for anything. */
  readonly modules: readonly string[]
}

export const DOORS: readonly Door[] = [
  {
    what: 'time',
    within: /^packages\/[^/]+\/src\//,
    only: ['packages/engine/src/host/clock.ts', 'packages/web/src/app/clock.ts'],
    uses: ['Date.now', 'new Date()', 'Date()', 'performance.now', 'process.hrtime*', 'setTimeout', 'setInterval'],
    modules: ['node:timers', 'node:timers/promises', 'node:perf_hooks'],
  },
  {
    what: 'randomness',
    within: /^packages\/[^/]+\/src\//,
    only: ['packages/engine/src/host/random.ts', 'packages/web/src/app/random.ts'],
    uses: ['Math.random', 'crypto.random*', 'crypto.getRandomValues'],
    modules: ['node:crypto#random*', 'node:crypto#getRandomValues', 'node:crypto#webcrypto'],
  },
  {
    what: 'child processes',
    within: /^packages\/[^/]+\/src\//,
    only: ['packages/engine/src/host/exec.ts'],
    uses: [],
    modules: ['node:child_process', 'node:cluster'],
  },
  { what: 'the environment', within: /^packages\/engine\/src\//, only: [], uses: ['process.env*', 'process.argv*'], modules: [] },
  {
    what: 'the environment',
    within: /^packages\/(protocol|sources|agent|server|cli)\/src\//,
    only: ['packages/cli/src/environment.ts'],
    uses: ['process.env*'],
    modules: [],
  },
  {
    what: 'output',
    within: /^packages\/engine\/src\//,
    only: [],
    uses: ['console.*', 'process.stdout*', 'process.stderr*', 'process.exit*'],
    modules: [],
  },
]
