import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { byteStringOf } from '../src/format/byte-string.ts'
import type { BlobId } from '../src/format/ids.ts'
import type { StoredSnapshot } from '../src/format/snapshot.ts'
import type { IndexedRepository } from '../src/repository/indexed-repository.ts'
import { OpenRepository, openRepository } from '../src/repository/open-repository.ts'
import { walkTree } from '../src/snapshots/tree-walker.ts'
import { FILE_KINDS, type FileRef, layoutPath, type Storage } from '../src/storage/storage.ts'
import { MemoryStorage } from '../src/testing/memory-storage.ts'
import type { ResticBinary } from '../src/testing/restic.ts'

export const PASSWORD = 'lab'

/** A folder of its own with a source to back up and repositories of the real restic. */
export class RepositoryLab {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-lab-'))

  get source(): string {
    return join(this.folder, 'source')
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  write(path: string, content: string | Buffer): void {
    const file = join(this.source, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }

  remove(path: string): void {
    rmSync(join(this.source, path), { recursive: true, force: true })
  }

  /** Runs restic on a repository of the lab; a failure throws with all that it printed. */
  restic(binary: ResticBinary, repository: string, args: readonly string[]): string {
    const { status, output } = this.tryRestic(binary, repository, args)
    if (status !== 0) throw new Error(`restic ${args.join(' ')} ended with ${status}:\n${output}`)
    return output
  }

  tryRestic(
    binary: ResticBinary,
    repository: string,
    args: readonly string[],
  ): { readonly status: number | null; readonly output: string } {
    const env = {
      ...process.env,
      RESTIC_PASSWORD: PASSWORD,
      RESTIC_REPOSITORY: this.path(repository),
      RESTIC_CACHE_DIR: this.path('cache'),
    }
    const { status, stdout, stderr } = spawnSync(binary.path, ['--no-cache', ...args], { env, encoding: 'utf8', cwd: this.folder })
    return { status, output: stdout + stderr }
  }

  /** Copies a repository of the lab, hard links being enough as files are never changed in place. */
  copy(from: string, to: string): string {
    rmSync(this.path(to), { recursive: true, force: true })
    execFileSync('cp', ['-a', this.path(from), this.path(to)])
    return this.path(to)
  }

  dispose(): void {
    execFileSync('chmod', ['-R', 'u+w', this.folder])
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The files of a repository on disk, in memory. */
export function loadIntoMemory(folder: string): MemoryStorage {
  const storage = new MemoryStorage()
  for (const kind of FILE_KINDS) {
    if (kind === 'config') storage.replaceFile({ kind, name: '' }, readFileSync(join(folder, 'config')))
    else {
      for (const entry of readdirSync(join(folder, kind), { recursive: true, withFileTypes: true })) {
        if (entry.isFile()) storage.replaceFile({ kind, name: entry.name }, readFileSync(join(entry.parentPath, entry.name)))
      }
    }
  }
  return storage
}

/** Writes a repository in memory to disk. */
export function saveToFolder(storage: MemoryStorage, folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  for (const kind of FILE_KINDS) if (kind !== 'config') mkdirSync(join(folder, kind), { recursive: true })
  for (const { file, content } of storage.files.values()) {
    const path = join(folder, layoutPath(file))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
}

/** The same files in another storage, to be damaged. */
export function cloneStorage(storage: MemoryStorage): MemoryStorage {
  const clone = new MemoryStorage()
  for (const { file, content } of storage.files.values()) clone.replaceFile(file, content)
  return clone
}

/** Opens a repository that the lab's restic made. */
export async function openLab(storage: Storage): Promise<OpenRepository> {
  return openRepository(storage, { password: PASSWORD })
}

/** The repository over another storage: the key is derived once for many damaged copies. */
export function reopen(repository: OpenRepository, storage: Storage): OpenRepository {
  const { config, keyId, masterKey, clock, identity } = repository
  return new OpenRepository({ storage, config, keyId, masterKey, clock, identity })
}

/** All files of a kind, in the order of their names. */
export function filesOf(storage: MemoryStorage, kind: FileRef['kind']): FileRef[] {
  return [...storage.files.values()]
    .map(({ file }) => file)
    .filter((file) => file.kind === kind)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The content of a file, to be changed at will; throws where there is none. */
export function contentOf(storage: MemoryStorage, file: FileRef): Buffer {
  const found = storage.files.get(layoutPath(file))
  if (found === undefined) throw new Error(`the repository has no ${layoutPath(file)}`)
  return Buffer.from(found.content)
}

/** Every file of a snapshot with its content; undefined for what cannot be read. */
export async function contentsOf(indexed: IndexedRepository, snapshot: StoredSnapshot): Promise<Map<string, string | undefined>> {
  const contents = new Map<string, string | undefined>()
  for await (const { path, node } of walkTree(indexed, snapshot.tree, {
    rootPath: byteStringOf('/'),
    onBroken: ({ path: lost }) => contents.set(lost, undefined),
  })) {
    if (node.type === 'file') contents.set(path, await readWhole(indexed, node.content ?? []))
  }
  return contents
}

async function readWhole(indexed: IndexedRepository, content: readonly BlobId[]): Promise<string | undefined> {
  try {
    const parts: Buffer[] = []
    for (const id of content) parts.push(await indexed.readBlob('data', id))
    return Buffer.concat(parts).toString('latin1')
  } catch {
    return undefined
  }
}
