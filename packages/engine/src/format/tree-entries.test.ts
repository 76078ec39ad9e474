import { expect, test } from 'vitest'
import type { ByteString } from './byte-string.ts'
import type { BlobId } from './ids.ts'
import type { TreeNode } from './node.ts'
import { type Timestamp, timestampToMs } from './timestamp.ts'
import { decodeTree, encodeNode, encodeTree } from './tree.ts'
import { ENTRY_TYPES, readTreeNode, scanTreeEntries } from './tree-entries.ts'

const TIME = '2024-03-01T12:00:00.123456789+02:00' as Timestamp
const ID = 'ab'.repeat(32) as BlobId
const NAMES = ['plain', 'ünï', 'quote " and \\', 'line\nbreak', 'caf\xe9', '"]},{[', '日本', 'a,b:c']

function nodes(count: number): readonly TreeNode[] {
  const made = Array.from({ length: count }, (_, index): TreeNode => {
    const name = `${NAMES[index % NAMES.length]} ${String(index).padStart(6, '0')}`
    const isFolder = index % 5 === 0
    return {
      name: Buffer.from(name, index % 8 === 4 ? 'latin1' : 'utf8').toString('latin1') as ByteString,
      type: isFolder ? 'dir' : 'file',
      mode: 420,
      mtime: TIME,
      atime: TIME,
      ctime: TIME,
      uid: 1,
      gid: 1,
      user: 'name":"x',
      ...(isFolder ? { subtree: ID } : { size: index * 1_000_003 }),
      inode: 18_446_744_073_709_500_000n + BigInt(index),
      content: isFolder ? null : [ID, ID],
      extended_attributes: index % 7 === 0 ? [{ name: 'user.size', value: 'QQ==' }] : [],
    }
  })
  return made.sort((a, b) => (a.name < b.name ? -1 : 1))
}

interface Entry {
  readonly name: string
  readonly type: string
  readonly size: number
  readonly modifiedAtMs: number
  readonly subtree: string | undefined
  readonly offset: number
}

/** The entries of a tree, one by one. */
function entriesOf(tree: Uint8Array): readonly Entry[] {
  return [...piecesOf(tree)].flat()
}

function* piecesOf(tree: Uint8Array): Generator<readonly Entry[]> {
  for (const { count, names, nameEnds, types, sizes, times, offsets, subtrees } of scanTreeEntries(tree)) {
    let folder = 0
    yield Array.from({ length: count }, (_, index) => {
      const type = ENTRY_TYPES[types[index] ?? 0] ?? 'other'
      const id = type === 'dir' ? Buffer.from(subtrees.subarray(folder++ * 32, folder * 32)).toString('hex') : ''
      return {
        name: Buffer.from(names.subarray(nameEnds[index - 1] ?? 0, nameEnds[index])).toString('latin1'),
        type,
        size: sizes[index] ?? 0,
        modifiedAtMs: times[index] ?? 0,
        subtree: /[1-9a-f]/.test(id) ? id : undefined,
        offset: offsets[index] ?? 0,
      }
    })
  }
}

test.each([0, 1, 9, 5000])('the entries of %d nodes are those of the nodes, and lead to them', (count) => {
  const bytes = encodeTree(nodes(count).map(encodeNode))
  const decoded = decodeTree(bytes).nodes
  const entries = entriesOf(bytes)
  expect(entries.map(({ offset: _, ...entry }) => entry)).toEqual(
    decoded.map(({ name, type, size = 0, mtime, subtree }) => ({ name, type, size, modifiedAtMs: timestampToMs(mtime), subtree })),
  )
  expect(entries.map(({ offset }) => readTreeNode(bytes, offset))).toEqual(decoded)
})

test.each([
  ['blanks', (json: string) => json.replaceAll('":', '" : ').replaceAll(',"', ' ,\n "')],
  ['another beginning', (json: string) => json.replace('{"nodes":', '{"x":1,"nodes":')],
  ['null', (json: string) => json.replaceAll('"mode":420', '"size":null,"mode":420')],
  ['fields that nobody knows', (json: string) => json.replaceAll('"mode":420', '"mtimes":1,"namE":{"name":["x",{}]},"mode":420')],
])('trees with %s have the same entries', (_, change) => {
  const json = encodeTree(nodes(40).map(encodeNode)).toString()
  const bytes = Buffer.from(change(json))
  expect(bytes.toString()).not.toBe(json)
  const decoded = decodeTree(bytes).nodes
  const entries = entriesOf(bytes)
  expect(entries.map(({ name, size, modifiedAtMs }) => ({ name, size, modifiedAtMs }))).toEqual(
    decoded.map(({ name, size = 0, mtime }) => ({ name, size, modifiedAtMs: timestampToMs(mtime) })),
  )
})

test('nodes that are larger than any, and those made to be hard to match, are read as well', () => {
  const fields = (count: number) => `,"x":1`.repeat(count)
  const hard = [
    `{"name":"a","type":"file","mtime":"${TIME}","size":1,"content":["${ID}"${`,"${ID}"`.repeat(20_000)}]}`,
    `{"name":"b","type":"file"${fields(100_000)}}`,
    ...Array.from({ length: 3000 }, (_, index) => `{"name":"c${10_000 + index}","type":"file"${fields(20)},"x":{"x":{}}${fields(40)}}`),
    `{"name":"d${'d'.repeat(1_000_000)}","type":"dir","subtree":"${ID}"}`,
    `{"name":"e","type":"file","extended_attributes":[{"name":"size","value":"eA=="},{"name":"\\"","value":null}],"size":7}`,
    `{"name":"f","type":"file","generic_attributes":{"windows.file_attributes":32,"size":"8"},"size":9}`,
  ]
  const bytes = Buffer.from(`{"nodes":[${hard.join(',')}]}`)
  const decoded = decodeTree(bytes).nodes
  const entries = entriesOf(bytes)
  expect(entries.map(({ name, type, size, subtree }) => ({ name, type, size, subtree }))).toEqual(
    decoded.map(({ name, type, size = 0, subtree }) => ({ name, type, size, subtree })),
  )
})

test('what is no tree, or out of order, is refused', () => {
  const encoded = nodes(12).map(encodeNode)
  const bytes = encodeTree(encoded)
  const read = (tree: Uint8Array) => () => entriesOf(tree)
  for (let end = 0; end < bytes.length - 3; end += 7) expect(read(bytes.subarray(0, end)), String(end)).toThrow()
  expect(read(encodeTree([...encoded].reverse()))).toThrow('ascending order')
  expect(read(Buffer.from(bytes.toString().replaceAll('},{', '};{')))).toThrow('not valid JSON')
  expect(read(Buffer.from(bytes.toString().replaceAll(TIME, 'today')))).toThrow('a time in RFC 3339')
  expect(read(Buffer.from(bytes.toString().replaceAll('"type":"file"', '"type":7')))).toThrow('not a string')
  expect(read(Buffer.from(bytes.toString().replaceAll(/"size":\d+/g, '"size":-1')))).toThrow('whole number')
})

/** A tree of nodes that are given as fields behind their names. */
function treeOf(fields: readonly string[]): Buffer {
  const written = fields.map((text, index) => `{"name":"${String(index).padStart(6, '0')}","type":"file"${text}}`)
  return Buffer.from(`{"nodes":[${written.join(',')}]}`)
}

test('times are those that anybody else reads, whatever their form', () => {
  const days = [
    '0000-01-01',
    '0000-02-29',
    '0001-03-01',
    '1600-02-29',
    '1969-12-31',
    '1970-01-01',
    '2000-02-29',
    '2023-12-31',
    '9999-12-31',
  ]
  const clocks = ['00:00:00', '23:59:59.9', '12:34:56.123999999', '01:02:03.0000000001', '00:00:00.07']
  const zones = ['Z', '+00:00', '-23:59', '+14:00', '-00:30']
  const written = days.flatMap((day) => clocks.flatMap((clock) => zones.map((zone) => `${day}T${clock}${zone}` as Timestamp)))
  const entries = entriesOf(treeOf(written.map((time) => `,"mtime":"${time}"`)))
  expect(entries.map(({ modifiedAtMs }) => modifiedAtMs)).toEqual(written.map(timestampToMs))
  const wrong = ['2023-02-29T00:00:00Z', '1900-02-29T00:00:00Z', '2024-13-01T00:00:00Z', '2024-04-31T00:00:00Z', '2024-01-01T24:00:00Z']
  const bent = ['2024-01-01T00:00:60Z', '2024-01-01 00:00:00Z', '2024-01-01T00:00:00.Z', '2024-01-01T00:00:00', '2024-01-01T00:00:00+1:00']
  for (const time of [...wrong, ...bent]) expect(() => entriesOf(treeOf([`,"mtime":"${time}"`])), time).toThrow('a time in RFC 3339')
})

test('every type is told, and those of newer programs as one', () => {
  const types = [...ENTRY_TYPES, 'irregular', 'dirs', 'fil', 'symlinks', 'x']
  const written = types.map((type, index) => `{"name":"${String(index).padStart(2, '0')}","type":"${type}"}`)
  const entries = entriesOf(Buffer.from(`{"nodes":[${written.join(',')}]}`))
  expect(entries.map(({ type }) => type)).toEqual(types.map((type) => (ENTRY_TYPES.some((known) => known === type) ? type : 'other')))
})

test('fields that are there twice, or are of another kind, are as for whoever decodes them', () => {
  const odd = [',"size":1,"size":2', ',"size":5.0', ',"size":01', ',"size":1234567890123456', ',"mtime":7', ',"subtree":"ab"', ',"mode":']
  for (const fields of odd) {
    const tree = treeOf([fields])
    const read = (decode: () => unknown): unknown => {
      try {
        return decode()
      } catch (error) {
        return String(error)
      }
    }
    const decoded = read(() => decodeTree(tree).nodes.map(({ size }) => size))
    const entries = read(() => entriesOf(tree).map(({ size }) => size))
    expect(typeof entries === 'string', `${fields}: ${decoded} and ${entries}`).toBe(typeof decoded === 'string')
    if (typeof decoded !== 'string') expect(entries).toEqual(decoded)
  }
})

test('several trees are read in turns, in as many pieces as they take', () => {
  const written = (first: string) =>
    Array.from({ length: 9000 }, (_, index) => ({ name: `${first}${10_000 + index}`, subtree: (index + 1).toString(16).padStart(64, '0') }))
  const turns = ['a', 'b'].map((first) => {
    const folders = written(first).map(({ name, subtree }) => `{"name":"${name}","type":"dir","subtree":"${subtree}"}`)
    return { first, pieces: piecesOf(Buffer.from(`{"nodes":[${folders.join(',')}]}`)), read: [] as Entry[] }
  })
  for (let isOver = false; !isOver; ) {
    const results = turns.map(({ pieces }) => pieces.next())
    for (const [turn, { value }] of results.entries()) turns[turn]?.read.push(...(value ?? []))
    isOver = results.every(({ done }) => done === true)
  }
  for (const { first, read } of turns) expect(read.map(({ name, subtree }) => ({ name, subtree }))).toEqual(written(first))
})

test('nodes out of order are refused wherever the one before them was read', () => {
  const names = Array.from({ length: 9000 }, (_, index) => `${10_000 + index}`)
  for (const place of [1, 4095, 4096, 8999]) {
    const wrong = names.with(place, names[place - 1] ?? '')
    const tree = Buffer.from(`{"nodes":[${wrong.map((name) => `{"name":"${name}","type":"file"}`).join(',')}]}`)
    expect(() => entriesOf(tree), String(place)).toThrow('ascending order')
  }
})
