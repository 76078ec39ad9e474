import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { expect } from 'vitest'
import { byteStringOf } from '../src/format/byte-string.ts'
import type { SnapshotId } from '../src/format/ids.ts'
import type { StoredSnapshot } from '../src/format/snapshot.ts'
import { executeRestore } from '../src/operations/restore/restore.ts'
import { removeLocks } from '../src/repository/locks.ts'
import { type InitOptions, initRepository, type OpenRepository, openRepository } from '../src/repository/open-repository.ts'
import { loadSnapshots } from '../src/snapshots/load-snapshots.ts'
import { findSubtree } from '../src/snapshots/tree-walker.ts'
import { openStorage } from '../src/storage/open-storage.ts'
import { resticBinaries } from '../src/testing/restic.ts'
import type { OperationRequest } from './programs/operation.ts'

const PROGRAM = new URL('./programs/operation.ts', import.meta.url).pathname
const PASSWORD = 'killing ground'
/** Opening a repository shall not take most of a round. */
const LOW_COST = { N: 1024, r: 8, p: 1 }

/** How an operation ended. */
export interface Ending {
  readonly wasKilled: boolean
  /** From when its modules were loaded until its end. */
  readonly durationMs: number
  /** What it was doing at its end: the calls of the storage that were under way, or the last one. */
  readonly phase: string
  /** What it printed of its calls. */
  readonly lines: readonly string[]
}

/** Path to the SHA-256 of each file of a folder. */
export type FolderDigest = ReadonlyMap<string, string>

/** A folder in memory with repositories on which operations run in processes of their own, to be killed. */
export class KillingGround {
  readonly folder: string = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'holdfast-death-'))
  readonly #restic = resticBinaries().find(({ name }) => name === 'current')?.path ?? ''

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  async init(name: string, options: Pick<InitOptions, 'chunkerPolynomial'> = {}): Promise<OpenRepository> {
    rmSync(this.path(name), { recursive: true, force: true })
    return initRepository(await openStorage(this.path(name)), { password: PASSWORD, cost: LOW_COST, ...options })
  }

  /** A copy whose files are the same by hard links: they are never changed in place. */
  clone(from: string, to: string): void {
    rmSync(this.path(to), { recursive: true, force: true })
    execFileSync('cp', ['-al', this.path(from), this.path(to)])
  }

  async open(name: string): Promise<OpenRepository> {
    return openRepository(await openStorage(this.path(name)), { password: PASSWORD })
  }

  /** Runs an operation in a process of its own, to its end or until it is killed. Rejects when it fails by itself. */
  async run(request: Omit<OperationRequest, 'password'>, options: { readonly killAfterMs?: number } = {}): Promise<Ending> {
    const argument: OperationRequest = { ...request, password: PASSWORD }
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(argument)], { stdio: ['ignore', 'pipe', 'pipe'] })
    const output = new OutputLines(child)
    const exited = once(child, 'close')
    await Promise.race([output.first, exited])
    const begunAt = performance.now()
    const timer = options.killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), options.killAfterMs)
    const [code, signal] = (await exited) as [number | null, NodeJS.Signals | null]
    clearTimeout(timer)
    if (signal !== 'SIGKILL' && code !== 0) throw new Error(`${request.operation} failed with ${code ?? signal}: ${output.errors}`)
    return { wasKilled: signal === 'SIGKILL', durationMs: performance.now() - begunAt, phase: output.phase, lines: output.lines }
  }

  /** Removes the locks of the dead, no others, and has restic look at everything but the content of packs, or at that too. */
  async expectSound(name: string, options: { readonly readData?: boolean; readonly context: string }): Promise<void> {
    const repository = await this.open(name)
    await removeLocks(repository, { all: false, clock: repository.clock, identity: repository.identity })
    expect(
      readdirSync(join(this.path(name), 'locks')).filter((file) => !file.includes('-tmp-')),
      options.context,
    ).toEqual([])
    const { code, output } = await this.restic(name, ['check', ...(options.readData === true ? ['--read-data'] : [])])
    expect(output, options.context).toContain('no errors were found')
    expect(code, options.context).toBe(0)
  }

  async restic(name: string, args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
    const env = { ...process.env, RESTIC_PASSWORD: PASSWORD, RESTIC_REPOSITORY: this.path(name) }
    const child = spawn(this.#restic, ['--no-cache', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, output }
  }

  async snapshotsOf(name: string): Promise<readonly StoredSnapshot[]> {
    return loadSnapshots(await this.open(name))
  }

  /** Restores a snapshot, by restic or by the engine, and gives what came out of it below `root`. */
  async restored(name: string, id: SnapshotId, options: { readonly byRestic: boolean; readonly root: string }): Promise<FolderDigest> {
    const target = this.path('restored')
    rmSync(target, { recursive: true, force: true })
    if (options.byRestic) {
      const { code, output } = await this.restic(name, ['restore', id, '--target', target])
      expect(code, output).toBe(0)
      return digestOf(join(target, options.root))
    }
    const indexed = await (await this.open(name)).loadIndex()
    const snapshot = (await this.snapshotsOf(name)).find((candidate) => candidate.id === id)
    if (snapshot === undefined) throw new Error(`there is no snapshot ${id}`)
    const tree = await findSubtree(indexed, snapshot.tree, { subfolder: options.root })
    const { problems } = await executeRestore(indexed, { tree, target: byteStringOf(target) })
    expect(problems).toBe(0)
    return digestOf(target)
  }

  /** The blobs that each index file names, as `data/id`. */
  async indexOf(name: string): Promise<Map<string, string[]>> {
    const files = new Map<string, string[]>()
    const onFile: NonNullable<Parameters<OpenRepository['loadIndex']>[0]>['onFile'] = (id, file) =>
      files.set(
        id,
        file.packs.flatMap(({ blobs }) => blobs.map((blob) => `${blob.type}/${blob.id}`)),
      )
    await (await this.open(name)).loadIndex({ onFile })
    return files
  }
}

/** Which blobs the index files that came since name although earlier ones did already. */
export function storedAgain(before: ReadonlyMap<string, readonly string[]>, after: ReadonlyMap<string, readonly string[]>): string[] {
  const known = new Set([...before.values()].flat())
  return [...after].filter(([id]) => !before.has(id)).flatMap(([, blobs]) => blobs.filter((blob) => known.has(blob)))
}

/** A digest of everything that a restore gave: two folders with the same one are the same. */
export function digestOf(folder: string): FolderDigest {
  const digests = new Map<string, string>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) digests.set(relative(folder, path), createHash('sha256').update(readFileSync(path)).digest('hex'))
  }
  return digests
}

/** Follows the lines that the program prints. */
class OutputLines {
  /** Resolves with the first line. */
  readonly first: Promise<void>
  readonly lines: string[] = []
  errors = ''
  readonly #active: string[] = []
  #last = 'before the first call'

  constructor(child: ChildProcess) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.first = promise
    let rest = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#take(line)
      if (lines.length > 0) resolve()
    })
    child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()))
  }

  get phase(): string {
    return this.#active.length > 0 ? [...new Set(this.#active)].sort().join(' and ') : this.#last
  }

  #take(line: string): void {
    const call = line.slice(2)
    if (/^[+-] /.test(line)) this.lines.push(line)
    if (line.startsWith('+ ')) this.#active.push(call)
    else if (line.startsWith('- ')) {
      this.#active.splice(this.#active.indexOf(call), 1)
      this.#last = `after ${call}`
    }
  }
}
