import { execFileSync } from 'node:child_process'
import { cpSync, linkSync, lutimesSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OpenRepository, openRepository } from '../src/repository/open-repository.ts'
import { openStorage } from '../src/storage/open-storage.ts'
import type { ResticBinary } from '../src/testing/restic.ts'

const PASSWORD = 'workbench'

/** A folder in which a restic program and the engine work on the same repositories. Remove it at the end. */
export class ResticWorkbench {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  readonly #restic: ResticBinary

  constructor(restic: ResticBinary) {
    this.#restic = restic
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  /** Makes a repository by restic. */
  init(name: string, version: 1 | 2 = 2): void {
    this.run(name, ['init', '--repository-version', `${version}`])
  }

  copyOf(name: string, copy: string): void {
    cpSync(this.path(name), this.path(copy), { recursive: true })
  }

  /** What restic prints. Its locks are left out where `lock` is not among the arguments' needs: nothing else uses the repository. */
  run(name: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): string {
    return execFileSync(this.#restic.path, ['--no-cache', '-r', this.path(name), ...args], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: this.folder,
      env: { PATH: process.env.PATH, HOME: this.folder, TZ: process.env.TZ, RESTIC_PASSWORD: PASSWORD, ...environment },
    })
  }

  /** The JSON documents that restic prints, one a line. */
  json(name: string, args: readonly string[]): unknown[] {
    const lines = this.run(name, ['--json', ...args]).split('\n')
    return lines.filter((line) => line.startsWith('{') || line.startsWith('[')).map((line) => JSON.parse(line))
  }

  /** restic's copy, which takes the other repository and its password by options that changed over time. */
  copy(from: string, to: string): string {
    return this.run(to, ['copy', '--from-repo', this.path(from)], { RESTIC_FROM_PASSWORD: PASSWORD })
  }

  /** The repository, opened by the engine. */
  async open(name: string): Promise<OpenRepository> {
    return openRepository(await openStorage(this.path(name)), { password: PASSWORD })
  }
}

export const WORKBENCH_PASSWORD: string = PASSWORD

/** Makes a folder with nodes of most kinds, odd names, and files of one and of several blobs. */
export function makeSourceFolder(folder: string): void {
  mkdirSync(join(folder, 'docs', 'deep', 'er'), { recursive: true })
  mkdirSync(join(folder, 'empty folder'))
  writeFileSync(join(folder, 'docs', 'Read Me.txt'), 'read me\n'.repeat(5000))
  writeFileSync(join(folder, 'docs', 'deep', 'notes.TXT'), 'notes')
  writeFileSync(join(folder, 'docs', 'deep', 'er', 'ünïcödé 😀.txt'), 'emoji')
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/docs/bad`), Buffer.of(0xff), Buffer.from('.txt')]), 'not UTF-8')
  writeFileSync(join(folder, 'docs', 'new\nline "quoted" \\ <&>.txt'), 'newline')
  writeFileSync(join(folder, 'empty'), '')
  writeFileSync(join(folder, 'large'), noise(5_000_000, 1))
  writeFileSync(join(folder, 'same large'), noise(5_000_000, 1))
  writeFileSync(join(folder, 'text'), 'The quick brown fox jumps over the lazy dog. '.repeat(60_000))
  linkSync(join(folder, 'large'), join(folder, 'linked'))
  symlinkSync('docs/deep', join(folder, 'link'))
  execFileSync('mkfifo', [join(folder, 'fifo')])
  utimesSync(join(folder, 'docs', 'deep', 'notes.TXT'), new Date('2001-02-03T04:05:06.789Z'), new Date('2001-02-03T04:05:06.789Z'))
  lutimesSync(join(folder, 'link'), 1_000_000_000, 1_000_000_000)
}

/** Changes a folder of {@link makeSourceFolder} in every way that a comparison tells apart. */
export function changeSourceFolder(folder: string): void {
  rmSync(join(folder, 'docs', 'deep', 'er'), { recursive: true })
  rmSync(join(folder, 'link'))
  writeFileSync(join(folder, 'link'), 'a file now')
  writeFileSync(join(folder, 'text'), 'The quick brown fox jumps over the lazy dog. '.repeat(60_001))
  utimesSync(join(folder, 'empty'), 1_500_000_000, 1_500_000_000)
  mkdirSync(join(folder, 'new', 'below'), { recursive: true })
  writeFileSync(join(folder, 'new', 'below', 'file'), noise(2_000_000, 2))
  symlinkSync('nowhere', join(folder, 'new', 'symlink'))
}

/** Bytes that do not compress, the same for the same seed (xorshift32). */
export function noise(sizeBytes: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4))
  let state = seed * 0x9e37_79b9 || 1
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[index] = state >>> 0
  }
  return Buffer.from(words.buffer, 0, sizeBytes)
}
