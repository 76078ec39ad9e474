import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeMode, goModeFromStat, nodeTypeFromStat, statModeFromGo } from './file-mode.ts'
import type { NodeType } from './node.ts'

/** `st_mode`, node type, Go's mode as restic stored it (or as `os.FileMode` counts it), and its `String`. */
const MODES: readonly { readonly statMode: number; readonly type: NodeType; readonly goMode: number; readonly text: string }[] = [
  { statMode: 0o100644, type: 'file', goMode: 420, text: '-rw-r--r--' },
  { statMode: 0o100000, type: 'file', goMode: 0, text: '----------' },
  { statMode: 0o104755, type: 'file', goMode: 8_389_101, text: 'urwxr-xr-x' },
  { statMode: 0o102755, type: 'file', goMode: 4_194_797, text: 'grwxr-xr-x' },
  { statMode: 0o107777, type: 'file', goMode: 13_631_999, text: 'ugtrwxrwxrwx' },
  { statMode: 0o040755, type: 'dir', goMode: 2_147_484_141, text: 'drwxr-xr-x' },
  { statMode: 0o041777, type: 'dir', goMode: 2_148_532_735, text: 'dtrwxrwxrwx' },
  { statMode: 0o120777, type: 'symlink', goMode: 134_218_239, text: 'Lrwxrwxrwx' },
  { statMode: 0o060660, type: 'dev', goMode: 67_109_296, text: 'Drw-rw----' },
  { statMode: 0o020666, type: 'chardev', goMode: 69_206_454, text: 'Dcrw-rw-rw-' },
  { statMode: 0o010644, type: 'fifo', goMode: 33_554_852, text: 'prw-r--r--' },
  { statMode: 0o140755, type: 'socket', goMode: 16_777_709, text: 'Srwxr-xr-x' },
]

describe('file modes', () => {
  test.each(MODES)('$text is a $type of mode $goMode', ({ statMode, type, goMode, text }) => {
    expect(nodeTypeFromStat(statMode)).toBe(type)
    expect(goModeFromStat(statMode)).toBe(goMode)
    expect(statModeFromGo(goMode)).toBe(statMode & 0o7777)
    expect(describeMode(type, goMode)).toBe(text)
    expect(describeMode(type, goMode & 0o777).slice(-9)).toBe(text.slice(-9))
  })

  test('keep the twelve bits of chmod whatever the kind', () => {
    fc.assert(fc.property(fc.nat(0o177777), (statMode) => statModeFromGo(goModeFromStat(statMode)) === (statMode & 0o7777)))
    fc.assert(fc.property(fc.nat(0o177777), (statMode) => goModeFromStat(statMode) >= 0))
  })

  test('take the kind from the type where the mode lacks it, and name every bit', () => {
    expect(describeMode('dir', 0o700)).toBe('drwx------')
    expect(describeMode('file', 0xffff_ffff)).toBe('dalTLDpSugct?rwxrwxrwx')
    expect(nodeTypeFromStat(0o150000)).toBe('irregular')
  })
})
