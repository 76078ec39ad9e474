import { type NewRestore, RESTORED_PATHS_MAX, type RestoreOrder, restoreOrderSchema } from '@holdfast/protocol'
import { describe, expect, test } from 'vitest'
import type { RegisteredSnapshot } from '../snapshots/store.ts'
import { orderOf } from './restore-order.ts'

describe('an order to restore', () => {
  test('in place is about what was backed up at or below what was chosen', () => {
    expect(pathsOf(['/home/ann', '/etc'], [])).toEqual(['/home/ann', '/etc'])
    expect(pathsOf(['/home/ann', '/etc'], ['/'])).toEqual(['/home/ann', '/etc'])
    expect(pathsOf(['/home/ann', '/etc'], ['/home'])).toEqual(['/home/ann'])
    expect(pathsOf(['/home/ann', '/etc'], ['/home/ann/docs', '/etc/fstab'])).toEqual(['/home/ann/docs', '/etc/fstab'])
  })

  test('leaves nothing out where one folder that was backed up holds another', () => {
    expect(pathsOf(['/', '/boot/efi'], ['/boot'])).toEqual(['/boot'])
    expect(pathsOf(['/home', '/home/ann/data'], ['/home'])).toEqual(['/home'])
    expect(pathsOf(['/home', '/home/ann/data'], ['/home/ann'])).toEqual(['/home/ann'])
    expect(pathsOf(['/', '/boot/efi'], [])).toEqual(['/'])
  })

  test('is refused in place where the snapshot has what was backed up under other paths', () => {
    expect(() => pathsOf(['/home/ann/docs'], [], { isInPlace: false })).toThrow('name a folder to restore to')
    expect(() => pathsOf(['/home/ann/docs'], ['/'], { isInPlace: false })).toThrow('name a folder to restore to')
    expect(pathsOf(['/home/ann/docs'], ['/docs'], { isInPlace: false, target: '/there' })).toEqual(['/docs'])
  })

  test('knows a path however it is written', () => {
    expect(pathsOf(['/home/ann/'], ['/home//'])).toEqual(['/home/ann'])
    expect(pathsOf(['/home/ann'], ['/home/ann/docs/', '/./home/ann'], { target: '/there' })).toEqual(['/home/ann/docs', '/home/ann'])
  })

  test('names as the bounds of what it removes those that matter, in a way that agents take', () => {
    const many = Array.from({ length: RESTORED_PATHS_MAX + 1 }, (_, index) => `/many/${index}`)
    const { sources } = order([...many, '/home/ann'], ['/home'], { delete: true, target: '/there' })
    expect(sources).toEqual(['/home/ann'])
    expect(() => order(many, [], { delete: true, target: '/there' })).toThrow('choose some')
    expect(order(['/home/ann'], ['/home/ann/docs'], { delete: true }).sources).toEqual(['/home/ann'])
    for (const odd of ['C:\\Users\\ann', 'docs', '']) expect(order([odd], [], { delete: true }).sources).toEqual([])
  })
})

function pathsOf(...of: Parameters<typeof order>): readonly string[] {
  return order(...of).paths
}

function order(
  sources: readonly string[],
  paths: string[],
  { isInPlace = true, ...more }: Partial<NewRestore> & { readonly isInPlace?: boolean } = {},
): RestoreOrder {
  const snapshot = { snapshot_id: 'a'.repeat(64) as RegisteredSnapshot['snapshot_id'], paths: JSON.stringify(sources) }
  const request = { target: null, overwrite: 'always', delete: false, ...more, paths } as const
  return restoreOrderSchema.parse(orderOf(snapshot, request, isInPlace))
}
