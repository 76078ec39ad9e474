import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { describeStorageContract } from '../../testing/storage-contract.ts'
import { LocalStorage } from './local-storage.ts'

const NAME = 'ab'.repeat(32)
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-local-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

describeStorageContract('LocalStorage', () => LocalStorage.open({ folder: join(folder, 'repository') }), { largeFileBytes: 32 << 20 })

describe('LocalStorage', () => {
  it('makes files and folders that only their owner can read, and files nobody can write', async () => {
    const storage = await LocalStorage.open({ folder })
    await storage.write({ kind: 'data', name: NAME }, Buffer.from('pack'))
    expect(modeOf(join(folder, 'data'))).toBe(0o700)
    expect(modeOf(join(folder, 'data/ab'))).toBe(0o700)
    expect(modeOf(join(folder, 'data/ab', NAME))).toBe(0o400)
  })

  it('lets the group in where it may read config', async () => {
    writeFileSync(join(folder, 'config'), 'config')
    chmodSync(join(folder, 'config'), 0o440)
    const storage = await LocalStorage.open({ folder })
    await storage.write({ kind: 'data', name: NAME }, Buffer.from('pack'))
    expect(modeOf(join(folder, 'data/ab', NAME))).toBe(0o440)
    expect(modeOf(join(folder, 'data/ab')) | process.umask()).toBe(0o770 | process.umask())
  })

  it('lists only files of a repository in the places where they can be read', async () => {
    const storage = await LocalStorage.open({ folder })
    await storage.write({ kind: 'data', name: NAME }, Buffer.from('pack'))
    await storage.write({ kind: 'index', name: NAME }, Buffer.from('index'))
    writeFileSync(join(folder, 'data/ab', `${NAME}-tmp-0123`), 'left by a crash')
    writeFileSync(join(folder, 'data', NAME), 'not in its folder')
    mkdirSync(join(folder, 'data/cd'))
    writeFileSync(join(folder, 'data/cd', NAME), 'in the wrong folder')
    mkdirSync(join(folder, 'data/cd', 'cd'.repeat(32)))
    symlinkSync('/nowhere', join(folder, 'index', 'cd'.repeat(32)))
    expect(await Array.fromAsync(storage.list('data'))).toEqual([{ name: NAME, sizeBytes: 4 }])
    expect(await Array.fromAsync(storage.list('index'))).toEqual([{ name: NAME, sizeBytes: 5 }])
  })

  it('leaves no temporary file after a write that fails', async () => {
    const storage = await LocalStorage.open({ folder })
    mkdirSync(join(folder, 'index', NAME), { recursive: true })
    await expect(storage.write({ kind: 'index', name: NAME }, Buffer.from('x'))).rejects.toMatchObject({ code: 'storage.location' })
    expect(readdirSync(join(folder, 'index'))).toEqual([NAME])
  })

  it('says that there is no room, and leaves none of it taken', async () => {
    // A limit on the size of files stands in for a full disk, which would take a mount: both end a write half-way.
    const program = `
      const { LocalStorage } = await import(${JSON.stringify(new URL('./local-storage.ts', import.meta.url).href)})
      const storage = await LocalStorage.open({ folder: ${JSON.stringify(folder)} })
      const writing = storage.write({ kind: 'data', name: '${NAME}' }, new Uint8Array(1 << 20))
      await writing.catch((error) => console.log(error.code, error.retry))`
    const limited = ['-c', 'ulimit -f 100; exec "$@"', 'sh', process.execPath, '--input-type=module', '-e', program]
    expect(execFileSync('sh', limited, { encoding: 'utf8' })).toBe('storage.full never\n')
    expect(readdirSync(join(folder, 'data/ab'))).toEqual([])
  })

  it('says that a path through a file is no location', async () => {
    writeFileSync(join(folder, 'file'), '')
    const storage = await LocalStorage.open({ folder: join(folder, 'file') })
    await expect(storage.prepare()).rejects.toMatchObject({ code: 'storage.location' })
    await expect(storage.read({ kind: 'config', name: '' }, 'all')).rejects.toMatchObject({ code: 'storage.location' })
  })

  it.runIf(process.platform === 'linux')('says that there is no place for a folder where the system has none', async () => {
    const storage = await LocalStorage.open({ folder: '/proc/nope/repository' })
    await expect(storage.prepare()).rejects.toMatchObject({ code: 'storage.location' })
  })

  it('has no files where nothing was made yet', async () => {
    const storage = await LocalStorage.open({ folder: join(folder, 'nothing') })
    expect(await Array.fromAsync(storage.list('data'))).toEqual([])
    await expect(storage.stat({ kind: 'config', name: '' })).rejects.toMatchObject({ code: 'storage.not-found' })
    expect(readdirSync(folder)).toEqual([])
  })

  it('removes what prepare made, but nothing that holds a file', async () => {
    const storage = await LocalStorage.open({ folder: join(folder, 'repository') })
    await storage.prepare()
    const kept = { kind: 'keys', name: NAME } as const
    await storage.write(kept, Buffer.from('key'))
    await storage.dismantle()
    expect(readdirSync(join(folder, 'repository'))).toEqual(['keys'])
    await storage.remove(kept)
    await storage.dismantle()
    expect(readdirSync(folder)).toEqual([])
  })

  it('rejects calls after close', async () => {
    const storage = await LocalStorage.open({ folder })
    await storage.close()
    await expect(storage.read({ kind: 'config', name: '' }, 'all')).rejects.toMatchObject({ code: 'storage.closed' })
  })
})

function modeOf(path: string): number {
  return statSync(path).mode & 0o777
}
