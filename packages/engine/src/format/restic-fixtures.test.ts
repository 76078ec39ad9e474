import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { bytesOf } from './byte-string.ts'
import { decodeConfig, encodeConfig } from './config.ts'
import type { SnapshotId } from './ids.ts'
import { decodeIndexFile, encodeIndexFile } from './index-file.ts'
import { decodeKeyFile, decodeMasterKey, encodeKeyFile, encodeMasterKey } from './key-file.ts'
import { decodeLockFile, encodeLockFile } from './lock-file.ts'
import { decodePackHeader, encodePackHeader } from './pack-header.ts'
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts'
import { decodeTree, encodeNode, encodeTree } from './tree.ts'

/** Plaintexts of files and blobs as restic 0.18.0 (format 2) and 0.14.0 (format 1) wrote them, one a line: version, kind, content. */
const LINES = readFileSync(new URL('../../fixtures/format/written-by-restic.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')

const ID = 'ab'.repeat(32) as SnapshotId

type Recoding = (bytes: Buffer) => Buffer

const RECODINGS: Readonly<Record<string, Recoding>> = {
  config: (bytes) => encodeConfig(decodeConfig(bytes)),
  key: (bytes) => encodeKeyFile(decodeKeyFile(bytes)),
  'master-key': (bytes) => encodeMasterKey(decodeMasterKey(bytes)),
  lock: (bytes) => encodeLockFile(decodeLockFile(bytes)),
  snapshot: (bytes) => encodeSnapshot(decodeSnapshot(bytes, ID)),
  index: (bytes) => encodeIndexFile(decodeIndexFile(bytes)),
  tree: (bytes) => encodeTree(decodeTree(bytes).nodes.map(encodeNode)),
  'pack-header': (bytes) => encodePackHeader(decodePackHeader(bytes)),
}

function fixtures(kind: string, version?: string): Buffer[] {
  const lines = LINES.map((line) => /^(\S+) (\S+) (.*)$/.exec(line) ?? []).filter((match) => match[2] === kind)
  return lines.filter((match) => version === undefined || match[1] === version).map(([, , , content = '']) => plaintext(kind, content))
}

/** Trees and indexes end with a line feed, headers of packs are binary. */
function plaintext(kind: string, content: string): Buffer {
  if (kind === 'pack-header') return Buffer.from(content, 'hex')
  return Buffer.from(kind === 'tree' || kind === 'index' ? `${content}\n` : content, 'utf8')
}

describe('what restic wrote', () => {
  test.each(Object.keys(RECODINGS))('is written again byte for byte: %s', (kind) => {
    const contents = fixtures(kind)
    expect(contents.length).toBeGreaterThan(1)
    for (const content of contents) expect(RECODINGS[kind]?.(content).toString()).toBe(content.toString())
  })

  test('has its names, modes, times and links read as they were on disk', () => {
    const tree = fixtures('tree', '0.18.0')
      .map((bytes) => decodeTree(bytes))
      .find(({ nodes }) => nodes.length > 10)
    const nodes = new Map(tree?.nodes.map((node) => [bytesOf(node.name).toString('hex'), node]))
    const nodeOf = (name: Buffer | string) => nodes.get(Buffer.from(name as string).toString('hex'))
    expect(nodes.size).toBe(25)
    expect(nodeOf('new\nline')).toMatchObject({ type: 'file', mode: 0o755 + 0x80_0000, mtime: '2000-02-29T01:00:00.1+01:00' })
    expect(nodeOf(Buffer.from('inv\xff\xfealid', 'latin1'))).toMatchObject({ mtime: '1970-01-01T00:59:59.999999999+01:00' })
    expect(nodeOf(Buffer.from('surrogate\xed\xa0\x80overlong\xc0\xaf', 'latin1'))?.size).toBe(2)
    expect(nodeOf('中'.repeat(85))?.mode).toBe(0o777 + 0xd0_0000)
    expect(nodeOf('hard link')).toMatchObject({ links: 2, inode: nodeOf('plain.txt')?.inode })
    expect(nodeOf('link invalid')?.linktarget).toBe('/no\xff\xfewhere\xe2\x82')
    expect(nodeOf('link odd')?.linktarget).toBe(Buffer.from('😀<&>\u2028"\\\n\x7f\ufffd').toString('latin1'))
    expect(nodeOf('disk')).toMatchObject({ type: 'dev', device: 4_293_985_279, content: null })
    expect(nodeOf('plain.txt')?.extended_attributes).toContainEqual({ name: 'user.<é>', value: 'AP/+' })
    expect(nodeOf('empty')).toMatchObject({ type: 'dir', subtree: 'ac08ce34ba4f8123618661bef2425f7028ffb9ac740578a3ee88684d2523fee8' })
  })

  test('has its snapshots and packs read as they were meant', () => {
    const snapshots = fixtures('snapshot', '0.18.0').map((bytes) => decodeSnapshot(bytes, ID))
    expect(snapshots.map(({ hostname, tags }) => ({ hostname, tags }))).toContainEqual({
      hostname: 'host "1"',
      tags: ['a<b', 'büro', 'new'],
    })
    expect(snapshots.some(({ original, summary }) => original !== undefined && summary !== undefined)).toBe(true)
    const packed = fixtures('index', '0.18.0').flatMap((bytes) => decodeIndexFile(bytes).packs.flatMap(({ blobs }) => blobs))
    const headers = fixtures('pack-header', '0.18.0').flatMap(decodePackHeader)
    for (const { id, type, length, uncompressedLength } of headers) {
      expect(packed).toContainEqual(expect.objectContaining({ id, type, length, uncompressed_length: uncompressedLength }))
    }
  })
})
