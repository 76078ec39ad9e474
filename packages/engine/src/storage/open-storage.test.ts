import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allStorages, locationBelow, openStorage, parseLocation } from './open-storage.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-open-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('parseLocation', () => {
  it.each([
    ['/srv/repository', '/srv/repository'],
    ['repository', 'repository'],
    ['./with:colon', './with:colon'],
    ['../with:colon', '../with:colon'],
    ['/srv/with:colon', '/srv/with:colon'],
    ['local:with:colon', 'with:colon'],
    ['local:/srv', '/srv'],
  ])('takes %s for a folder', (text, expected) => {
    expect(parseLocation(text)).toMatchObject({ scheme: 'local', folder: expected })
  })

  it('knows each kind by the examples that it gives', () => {
    for (const kind of allStorages()) {
      for (const example of kind.examples) expect(parseLocation(example).scheme).toBe(kind.scheme)
    }
  })

  it.each(['', 'local:', 'with:colon', 'b2:bucket:path', 'http://user:secret@host/'])('refuses %j without repeating secrets', (text) => {
    expect(() => parseLocation(text)).toThrow(expect.objectContaining({ code: 'storage.location' }))
    expect(() => parseLocation(text)).not.toThrow(/secret/)
  })

  it('shows no password', () => {
    expect(parseLocation('rest:https://user:secret@host/').display).toBe('rest:https://user:***@host/')
  })
})

describe('locationBelow', () => {
  it.each([
    ['/srv', 'local:/srv/fresh'],
    ['s3:https://host/bucket', 's3:https://host/bucket/fresh'],
    ['s3:https://host/bucket/prefix', 's3:https://host/bucket/prefix/fresh'],
    ['sftp:user@host:/srv', 'sftp:user@host:/srv/fresh'],
    ['sftp://user@host:22//srv', 'sftp://user@host:22//srv/fresh'],
    ['rest:https://user:secret@host/path', 'rest:https://user:***@host/path/fresh/'],
  ])('finds a place below %s', (text, expected) => {
    const below = locationBelow(parseLocation(text), 'fresh')
    expect(below.display).toBe(expected)
    // What it shows is also where it is.
    const { display, ...place } = below
    const { display: _, ...again } = parseLocation(display.replace('***', 'secret'))
    expect(place).toEqual(again)
  })
})

describe('openStorage', () => {
  const config = { kind: 'config', name: '' } as const

  it('opens a folder and makes nothing before it is asked to', async () => {
    const storage = await openStorage(join(folder, 'repository'))
    expect(existsSync(join(folder, 'repository'))).toBe(false)
    await storage.prepare()
    await storage.write(config, Buffer.from('config'))
    expect(storage.localFolder).toBe(join(folder, 'repository'))
    expect(storage.limits.connections).toBe(2)
  })

  it('gives as little access as was asked for', async () => {
    await (await openStorage(folder)).write(config, Buffer.from('config'))
    const readable = await openStorage(folder, { access: 'read-only' })
    await expect(readable.write(config, Buffer.from('config'))).rejects.toMatchObject({ code: 'storage.read-only' })
    const growing = await openStorage(folder, { access: 'append-only' })
    await expect(growing.remove(config)).rejects.toMatchObject({ code: 'storage.append-only' })
    expect(Buffer.from(await readable.read(config, 'all')).toString()).toBe('config')
  })

  it('hides the folder where reading by oneself would pass a limit', async () => {
    expect((await openStorage(folder, { bandwidth: { uploadBytesPerSecond: 1000 } })).localFolder).toBe(folder)
    expect((await openStorage(folder, { bandwidth: { downloadBytesPerSecond: 1000 } })).localFolder).toBeUndefined()
  })
})
