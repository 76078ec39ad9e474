import { expect, test } from 'vitest'
import { keepSelection, keptSelection } from './kept-selection.ts'

/** What a tab keeps. */
class TabStore extends Map<string, string> {
  getItem(key: string): string | null {
    return this.get(key) ?? null
  }
  setItem(key: string, value: string): void {
    this.set(key, value)
  }
  removeItem(key: string): void {
    this.delete(key)
  }
}

test('what is chosen is kept machine by machine, and nothing once nothing is chosen', () => {
  const store = new TabStore()
  keepSelection(1, ['/home/ann', '/srv/\u{1F41F}'], store)
  keepSelection(2, ['/etc'], store)
  expect(keptSelection(1, store)).toEqual(['/home/ann', '/srv/\u{1F41F}'])
  expect(keptSelection(2, store)).toEqual(['/etc'])
  expect(keptSelection(3, store)).toEqual([])
  keepSelection(1, [], store)
  expect([...store.keys()]).toEqual(['holdfast-welcome-paths-2'])
})

test('what is too much is not kept, and what is no selection is none', () => {
  const store = new TabStore()
  keepSelection(1, ['/a'], store)
  keepSelection(1, [`/${'a'.repeat(200_000)}`], store)
  expect(store.size).toBe(0)
  for (const broken of ['{', '{}', '"/a"', '[1, null, "relative"]']) {
    store.setItem('holdfast-welcome-paths-1', broken)
    expect(keptSelection(1, store), broken).toEqual([])
  }
})
