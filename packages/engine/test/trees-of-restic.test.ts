import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { byteStringFrom, bytesOf } from '../src/format/byte-string.ts'
import { goModeFromStat, nodeTypeFromStat } from '../src/format/file-mode.ts'
import { decodeIndexFile, encodeIndexFile } from '../src/format/index-file.ts'
import type { TreeNode } from '../src/format/node.ts'
import { formatTimestamp, type Timestamp } from '../src/format/timestamp.ts'
import { decodeTree, encodeNode, encodeTree } from '../src/format/tree.ts'
import { type ResticBinary, resticBinaries } from '../src/testing/restic.ts'

/** Names that some layer between the disk and the tree could spoil, as bytes. */
const NAMES = [
  'plain.txt',
  'new\nline',
  'tab\tbell\x07bs\bvt\x0bff\fcr\r',
  '\x01\x1f\x7f',
  'quo"te\'s\\n',
  '<html>&amp;',
  'inv\xff\xfealid',
  'cut\xe2\x82',
  'surrogate\xed\xa0\x80 overlong\xc0\xaf beyond\xf4\x90\x80\x80',
  'n'.repeat(255),
  '-rf',
  ' ',
  '...',
].map((name) => Buffer.from(name, 'latin1'))
const TEXTS = [
  'emoji😀 zwj👩\u200d💻',
  'separators\u2028\u2029',
  'nel\u0085nbsp\u00a0shy\u00ad',
  'unassigned\u0378',
  'unicode 16 \u{10d4a}',
  'private\ue000\u{f0000}\u{10ffff}',
  'fffd\ufffd',
  '中'.repeat(85),
].map((name) => Buffer.from(name, 'utf8'))

/** restic before 0.17 keeps no raw link targets and writes \b and \f in another way. */
const LINK_TARGETS = ['plain.txt', '../é😀<&>\u2028"\\\n\x7f\ufffd'].map((target) => Buffer.from(target, 'utf8'))
const NEWER_LINK_TARGETS = ['/no\xff\xfewhere\xe2\x82', 'bs\bff\f'].map((target) => Buffer.from(target, 'latin1'))

const TIMES_MS = [0, -1, -1500, 951_782_400_000, 1_700_000_000_120, 1_720_000_000_123.456, -2_000_000_000_000, 4_000_000_000_000]
const MODES = [0o644, 0o755, 0o4755, 0o2755, 0o1777, 0o400, 0o7777]

const folder = mkdtempSync(join(tmpdir(), 'holdfast-trees-'))
let server: Server | undefined

beforeAll(async () => {
  mkdirSync(join(folder, 'source', 'empty'), { recursive: true })
  mkdirSync(join(folder, 'source', 'sub'))
  chmodSync(join(folder, 'source', 'sub'), 0o1777)
  for (const [index, name] of [...NAMES, ...TEXTS].entries()) {
    const path = pathOf('source', name)
    writeFileSync(path, 'x'.repeat(index))
    const seconds = (TIMES_MS[index % TIMES_MS.length] ?? 0) / 1000
    utimesSync(path, seconds, seconds)
    chmodSync(path, MODES[index % MODES.length] ?? 0)
  }
  linkSync(join(folder, 'source', 'plain.txt'), join(folder, 'source', 'sub', 'hard link'))
  for (const [index, target] of LINK_TARGETS.entries()) symlinkSync(target, join(folder, 'source', `link ${index}`))
  mkdirSync(join(folder, 'newer'))
  for (const [index, target] of NEWER_LINK_TARGETS.entries()) symlinkSync(target, join(folder, 'newer', `link ${index}`))
  execFileSync('mkfifo', [join(folder, 'source', 'fifo')])
  server = createServer().listen(join(folder, 'source', 'socket'))
  await once(server, 'listening')
})

afterAll(() => {
  server?.close()
  rmSync(folder, { recursive: true, force: true })
})

describe.each(resticBinaries())('restic $version', (restic) => {
  const keepsRawTargets = Number(restic.version.split('.')[1]) >= 17
  const trees = new Map<string, Buffer>()

  beforeAll(() => {
    run(restic, 'init')
    run(restic, 'backup', 'source', '/dev/null', '/dev/zero', ...(keepsRawTargets ? ['newer'] : []))
    const { tree } = JSON.parse(run(restic, 'cat', 'snapshot', run(restic, 'list', 'snapshots').toString().trim()).toString()) as {
      readonly tree: string
    }
    collectTrees(restic, trees, { id: tree, path: '' })
    expect(trees.size).toBeGreaterThan(4)
  })

  test('wrote trees that come back byte for byte', () => {
    for (const bytes of trees.values()) expect(encodeTree(decodeTree(bytes).nodes.map(encodeNode)).toString()).toBe(bytes.toString())
  })

  test('wrote the trees that the files themselves give', () => {
    for (const [path, bytes] of trees) {
      const nodes = decodeTree(bytes).nodes.map((node) => nodeOfFile(path, node))
      expect(encodeTree(nodes.map(encodeNode)).toString()).toBe(bytes.toString())
    }
  })

  test('wrote an index that comes back byte for byte', () => {
    for (const id of run(restic, 'list', 'index').toString().trim().split('\n')) {
      const bytes = run(restic, 'cat', 'index', id).toString().trimEnd()
      expect(encodeIndexFile(decodeIndexFile(Buffer.from(bytes))).toString()).toBe(`${bytes}\n`)
    }
  })
})

/** The trees of a snapshot by the path of their folders, each with the id that its bytes have. */
function collectTrees(restic: ResticBinary, trees: Map<string, Buffer>, tree: { readonly id: string; readonly path: string }): void {
  const bytes = run(restic, 'cat', 'blob', tree.id)
  expect(hash('sha256', bytes, 'hex')).toBe(tree.id)
  trees.set(tree.path, bytes)
  for (const { name, subtree } of decodeTree(bytes).nodes) {
    if (subtree !== undefined) collectTrees(restic, trees, { id: subtree, path: `${tree.path}/${bytesOf(name).toString('latin1')}` })
  }
}

/** A node as the file system describes it, with what this test does not look up itself taken from `stored`. */
function nodeOfFile(path: string, stored: TreeNode): TreeNode {
  const { user, group, content, subtree, extended_attributes } = stored
  const inSnapshot = `${path}/${stored.name}`
  const file = Buffer.from(inSnapshot.startsWith('/dev') ? inSnapshot : `${folder}${inSnapshot}`, 'latin1')
  const status = lstatSync(file, { bigint: true })
  const type = nodeTypeFromStat(Number(status.mode))
  const counted = type === 'dir' || type === 'fifo' || type === 'socket' ? {} : { links: Number(status.nlink) }
  return {
    name: byteStringFrom(file.subarray(file.lastIndexOf('/') + 1)),
    type,
    mode: goModeFromStat(Number(status.mode)),
    mtime: timestampOf(status.mtimeNs),
    atime: timestampOf(status.mtimeNs),
    ctime: timestampOf(status.ctimeNs),
    uid: Number(status.uid),
    gid: Number(status.gid),
    inode: Number(status.ino),
    device_id: Number(status.dev),
    ...counted,
    ...(type === 'file' ? { size: Number(status.size) } : {}),
    ...(type === 'symlink' ? { linktarget: byteStringFrom(readlinkSync(file, { encoding: 'buffer' })) } : {}),
    ...(type === 'dev' || type === 'chardev' ? { device: Number(status.rdev) } : {}),
    content,
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
    ...(subtree === undefined ? {} : { subtree }),
    ...(extended_attributes === undefined ? {} : { extended_attributes }),
  }
}

function timestampOf(nanoseconds: bigint): Timestamp {
  const rest = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  return formatTimestamp(Number((nanoseconds - rest) / 1_000_000_000n), Number(rest))
}

function pathOf(parent: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${join(folder, parent)}/`), name])
}

function run(restic: ResticBinary, ...args: readonly string[]): Buffer {
  const repository = join(folder, `repository ${restic.version}`)
  return execFileSync(restic.path, ['--quiet', '--no-cache', '--repo', repository, ...args], {
    cwd: folder,
    env: { ...process.env, RESTIC_PASSWORD: 'secret' },
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
