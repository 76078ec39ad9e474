import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type ByteString, byteStringOf } from '../../format/byte-string.ts'
import { arrangeTargets, type TargetNode } from './targets.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-targets-'))
mkdirSync(join(folder, 'a/inner'), { recursive: true })
writeFileSync(join(folder, 'a/file'), '')
afterAll(() => rmSync(folder, { recursive: true }))

/** The arrangement as lines: names of leading folders with a slash, then what is behind each target. */
function outline(nodes: ReadonlyMap<ByteString, TargetNode>, above = ''): string[] {
  return [...nodes]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, node]) =>
      node.path === undefined
        ? outline(node.children, `${above}${name}/`)
        : [`${above}${name} = ${node.path}${node.isExplicit ? '' : ' (found)'}`],
    )
}

function arrange(...targets: string[]): string[] {
  return outline(arrangeTargets(targets.map(byteStringOf)))
}

test('an absolute path keeps all folders that lead to it', () => {
  expect(arrange('/home/ann/docs')).toEqual(['home/ann/docs = /home/ann/docs'])
  const home = arrangeTargets([byteStringOf('/home/ann/docs')]).get(byteStringOf('home'))
  expect(home?.folderPath).toBe('/home')
  expect(home?.children.get(byteStringOf('ann'))?.folderPath).toBe('/home/ann')
})

test('a relative path stays relative, whatever way it is written', () => {
  expect(arrange('docs/work')).toEqual(['docs/work = docs/work'])
  expect(arrange('./docs//work/')).toEqual(['docs/work = docs/work'])
  expect(arrange('../x')).toEqual(['x = ../x'])
})

test('two targets of one name with different roots are kept apart', () => {
  expect(arrange('x/1', '../x/2', '../../x/3')).toEqual(['x/1 = x/1', 'x-1/2 = ../x/2', 'x-2/3 = ../../x/3'])
})

test('the same target counts once', () => {
  expect(arrange('/a/b', '/a/b/', '/a/./b')).toEqual(['a/b = /a/b'])
})

test('a target inside of another is told apart from what is beside it', () => {
  const lines = arrange(join(folder, 'a'), join(folder, 'a/inner'))
  const base = `${folder.slice(1)}/a`
  expect(lines).toEqual([`${base}/file = ${folder}/a/file (found)`, `${base}/inner = ${folder}/a/inner`])
})

test('a dot stands for what is in the folder, and excludes apply to that', () => {
  expect(arrange(`${folder}/a/..`)).toEqual([`${folder.slice(1)} = ${folder}`])
  expect(arrange('/').every((line) => line.endsWith('(found)'))).toBe(true)
  expect(arrange('.').every((line) => line.endsWith('(found)'))).toBe(true)
})
