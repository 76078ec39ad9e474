import { closeSync, constants, lstatSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ByteString, byteStringOf, bytesOf, joinBytes } from '../format/byte-string.ts'
import { findStatus, readOpenStatus, readStatus } from './file-status.ts'
import { errorCodeName } from './libc.ts'
import {
  listExtendedAttributes,
  makeNode,
  metadataAbilities,
  readExtendedAttributes,
  removeExtendedAttribute,
  setExtendedAttribute,
  setTimes,
} from './posix.ts'
import { groupIdOf, groupName, userIdOf, userName } from './user-names.ts'

let folder: ByteString

beforeAll(() => {
  folder = byteStringOf(mkdtempSync(join(tmpdir(), 'holdfast-posix-')))
})

afterAll(() => rmSync(bytesOf(folder), { recursive: true }))

function newFile(name: string): ByteString {
  const path = joinBytes(folder, name as ByteString)
  writeFileSync(bytesOf(path), 'content')
  return path
}

function codeOf(action: () => void): unknown {
  try {
    action()
  } catch (error) {
    return (error as { readonly code: unknown }).code
  }
  return undefined
}

test('this system has everything that tests need', () => {
  expect(metadataAbilities()).toEqual({ extendedAttributes: true, exactTimes: true, specialFiles: true })
})

describe('extended attributes', () => {
  test('are read in the order of the list, any bytes as value', () => {
    const path = newFile('attributes-\xff\n')
    expect(readExtendedAttributes(path)).toEqual([])
    const values = { 'user.zebra': Buffer.from([0, 255, 10]), 'user.ape': Buffer.alloc(0), 'user.größe': Buffer.alloc(2000, 'x') }
    for (const [name, value] of Object.entries(values)) setExtendedAttribute(path, { name, value })
    const read = readExtendedAttributes(path)
    expect(Object.fromEntries(read.map(({ name, value }) => [name, value]))).toEqual(values)
    expect(read.map(({ name }) => name)).toEqual(listExtendedAttributes(path))
  })

  test('are removed, and one that is not there is no failure', () => {
    const path = newFile('removal')
    setExtendedAttribute(path, { name: 'user.a', value: Buffer.from('1') })
    removeExtendedAttribute(path, 'user.a')
    removeExtendedAttribute(path, 'user.a')
    expect(readExtendedAttributes(path)).toEqual([])
  })

  test('of a symbolic link are not those of its target', () => {
    const path = newFile('target')
    setExtendedAttribute(path, { name: 'user.a', value: Buffer.from('1') })
    const link = joinBytes(folder, 'link' as ByteString)
    symlinkSync(bytesOf(path), bytesOf(link))
    expect(readExtendedAttributes(link)).toEqual([])
  })

  test('of a missing file are an error that names it', () => {
    const path = joinBytes(folder, 'missing' as ByteString)
    expect(() => readExtendedAttributes(path)).toThrow(`Cannot read the extended attributes of ${path}: ENOENT`)
    expect(codeOf(() => setExtendedAttribute(path, { name: 'user.a', value: Buffer.alloc(1) }))).toBe('ENOENT')
  })

  test('without a namespace are refused by name', () => {
    expect(codeOf(() => setExtendedAttribute(newFile('namespace'), { name: 'bare', value: Buffer.alloc(1) }))).toBe('ENOTSUP')
  })
})

describe('times', () => {
  test.each([
    { seconds: 1_700_000_000, nanoseconds: 123_456_789 },
    { seconds: 4_294_967_296, nanoseconds: 1 },
    { seconds: -1, nanoseconds: 999_999_999 },
    { seconds: 0, nanoseconds: 0 },
  ])('are set to the nanosecond: $seconds.$nanoseconds', (instant) => {
    const path = newFile('times')
    setTimes(path, { access: instant, modification: { seconds: 5, nanoseconds: 6 } })
    expect(readStatus(path)).toMatchObject({ accessed: instant, modified: { seconds: 5, nanoseconds: 6 } })
  })

  test('of a symbolic link leave its target alone', () => {
    const path = newFile('target of times')
    const before = readStatus(path)
    const link = joinBytes(folder, 'link of times' as ByteString)
    symlinkSync(bytesOf(path), bytesOf(link))
    const instant = { seconds: 77, nanoseconds: 7 }
    setTimes(link, { access: instant, modification: instant })
    expect(readStatus(link).modified).toEqual(instant)
    expect(readStatus(path).modified).toEqual(before.modified)
  })
})

describe('special files', () => {
  test('a named pipe can be made by everybody', () => {
    const path = joinBytes(folder, 'pipe' as ByteString)
    makeNode(path, constants.S_IFIFO | 0o640, 0)
    expect(lstatSync(path).isFIFO()).toBe(true)
    expect(codeOf(() => makeNode(path, constants.S_IFIFO | 0o640, 0))).toBe('EEXIST')
  })

  test.runIf(process.getuid?.() === 0)('a device file is made with its number', () => {
    const path = joinBytes(folder, 'null' as ByteString)
    makeNode(path, constants.S_IFCHR | 0o600, readStatus(byteStringOf('/dev/null')).device)
    expect(lstatSync(path).rdev).toBe(lstatSync('/dev/null').rdev)
    expect(lstatSync(path).isCharacterDevice()).toBe(true)
  })
})

describe('status', () => {
  test.each(['/', '/dev/null', '/proc/self', '/etc/passwd', '/dev/shm'])('of %s is what Node.js says', (path) => {
    const expected = lstatSync(path, { bigint: true })
    const status = readStatus(byteStringOf(path))
    expect(status).toMatchObject({
      mode: Number(expected.mode),
      sizeBytes: Number(expected.size),
      inode: Number(expected.ino),
      deviceId: Number(expected.dev),
      device: Number(expected.rdev),
      links: Number(expected.nlink),
      userId: Number(expected.uid),
      groupId: Number(expected.gid),
      blocks: Number(expected.blocks),
    })
    expect(BigInt(status.changed.seconds) * 1_000_000_000n + BigInt(status.changed.nanoseconds)).toBe(expected.ctimeNs)
    expect(BigInt(status.modified.seconds) * 1_000_000_000n + BigInt(status.modified.nanoseconds)).toBe(expected.mtimeNs)
  })

  test('of an open file is that of its path', () => {
    const path = newFile('open')
    const descriptor = openSync(path, 'r')
    expect(readOpenStatus(descriptor)).toEqual(readStatus(path))
    closeSync(descriptor)
  })

  test('of nothing is an error or undefined', () => {
    const path = joinBytes(folder, 'nothing' as ByteString)
    expect(codeOf(() => readStatus(path))).toBe('ENOENT')
    expect(codeOf(() => readStatus(`${path}\0` as ByteString))).toBe('EINVAL')
    expect(findStatus(path)).toBeUndefined()
    expect(findStatus(joinBytes(newFile('no folder'), 'x' as ByteString))).toBeUndefined()
  })
})

describe('names of users and groups', () => {
  const passwd = readFileSync('/etc/passwd', 'utf8').split('\n').filter(Boolean).slice(0, 5)

  test('are those of the user database, both ways', () => {
    for (const [name, , id] of passwd.map((line) => line.split(':'))) {
      expect(userName(Number(id))).toBe(name)
      expect(userIdOf(name ?? '')).toBe(Number(id))
    }
    expect(groupName(0)).toBe('root')
    expect(groupIdOf('root')).toBe(0)
  })

  test('are empty for ids that nobody has', () => {
    expect(userName(3_999_999_999)).toBe('')
    expect(groupName(3_999_999_999)).toBe('')
    expect(userIdOf('nobody has this name')).toBeUndefined()
    expect(groupIdOf('')).toBeUndefined()
  })
})

test('errors have their names', () => {
  expect([28, 1, 13, 40, 95].map(errorCodeName)).toEqual(['ENOSPC', 'EPERM', 'EACCES', 'ELOOP', 'ENOTSUP'])
})

test('worker threads have calls and errors of their own', async () => {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    import(workerData.module).then(({ readExtendedAttributes }) => {
      let message = ''
      try { readExtendedAttributes('/nowhere/at/all') } catch (error) { message = error.message }
      parentPort.postMessage(message)
    })`
  const worker = new Worker(source, { eval: true, workerData: { module: new URL('./posix.ts', import.meta.url).href } })
  const message = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  expect(message).toContain('ENOENT')
  await worker.terminate()
})
