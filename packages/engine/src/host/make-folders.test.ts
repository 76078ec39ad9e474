import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { byteStringOf } from '../format/byte-string.ts'
import { makeFolders, makeFoldersNow } from './make-folders.ts'

const place = mkdtempSync(join(tmpdir(), 'holdfast-make-folders-'))
let places = 0

afterAll(() => rmSync(place, { recursive: true }))

describe.each([
  ['with time', makeFolders],
  ['in one go', async (path: string, mode: number) => makeFoldersNow(byteStringOf(path), mode)],
] as const)('folders made %s', (_name, make) => {
  const folder = (): string => join(place, String(places++))

  it('come with those above, and the first of them is told', async () => {
    const first = folder()
    expect(await make(join(first, 'a', 'b'), 0o700)).toBe(first)
    expect(statSync(join(first, 'a', 'b')).mode & 0o777).toBe(0o700)
    expect(await make(join(first, 'a', 'b'), 0o700)).toBeUndefined()
    expect(await make(join(first, 'a', 'c'), 0o700)).toBe(join(first, 'a', 'c'))
  })

  it('may be there behind a link', async () => {
    const first = folder()
    await make(first, 0o700)
    symlinkSync(first, `${first} link`)
    expect(await make(`${first} link`, 0o700)).toBeUndefined()
    expect(await make('/', 0o700)).toBeUndefined()
  })

  it('are refused where they cannot be', async () => {
    const file = folder()
    writeFileSync(file, '')
    await expect(make(file, 0o700)).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(make(join(file, 'a', 'b'), 0o700)).rejects.toMatchObject({ code: 'ENOTDIR' })
    symlinkSync('nowhere', `${file} link`)
    await expect(make(`${file} link`, 0o700)).rejects.toMatchObject({ code: 'EEXIST' })
  })

  it.runIf(process.platform === 'linux')('are refused where the system has none, and the answer comes', async () => {
    await expect(make('/proc/nope/a/b', 0o700)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
