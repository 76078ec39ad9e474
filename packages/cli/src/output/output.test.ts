import { PassThrough } from 'node:stream'
import type { Timestamp } from '@holdfast/engine'
import { describe, expect, test } from 'vitest'
import { displayWidth, formatBytes, formatPercent, formatSeconds, safeForTerminal, truncateToWidth } from './format.ts'
import { jsonText, omitEmpty } from './json.ts'
import { RateEstimator } from './rate-estimator.ts'
import { statusLine } from './status-line.ts'
import { tableLines } from './table.ts'
import { Terminal } from './terminal.ts'
import { parseLocalTime, parseLooseTime } from './times.ts'

describe('formats are those of restic', () => {
  test('sizes', () => {
    const sizes = [0, 13, 1023, 1024, 1536, 1024 ** 2, 2.5 * 1024 ** 3, 1024 ** 4, 5000 * 1024 ** 4]
    expect(sizes.map(formatBytes)).toEqual([
      '0 B',
      '13 B',
      '1023 B',
      '1.000 KiB',
      '1.500 KiB',
      '1.000 MiB',
      '2.500 GiB',
      '1.000 TiB',
      '5000.000 TiB',
    ])
  })

  test('shares and times', () => {
    expect([formatPercent(1, 3), formatPercent(5, 3), formatPercent(1, 0)]).toEqual(['33.33%', '100.00%', ''])
    expect([0, 5.9, 65, 3600, 3723].map(formatSeconds)).toEqual(['0:00', '0:05', '1:05', '1:00:00', '1:02:03'])
  })

  test('JSON with large numbers and without what is empty', () => {
    expect(jsonText({ inode: 18446744073709551615n })).toBe('{"inode":18446744073709551615}')
    expect(omitEmpty({ a: 0, b: '', c: [], d: false, e: undefined, f: null, g: 1, h: 'x' })).toEqual({ g: 1, h: 'x' })
  })

  test('tables', () => {
    const columns = [
      { heading: 'ID', cell: (row: readonly string[]) => row[0] ?? '' },
      { heading: 'Paths', cell: (row: readonly string[]) => row[1] ?? '' },
    ]
    const rows = [
      ['1', 'a\nlong/path'],
      ['漢', 'b'],
    ]
    expect(tableLines(columns, rows, { footer: ['2 rows'], spaced: true })).toEqual([
      'ID  Paths',
      '-------------',
      '1   a',
      '    long/path',
      '',
      '漢  b',
      '-------------',
      '2 rows',
    ])
  })

  test('names cannot harm a terminal', () => {
    expect(safeForTerminal('täglich 漢')).toBe('täglich 漢')
    expect(safeForTerminal('a\u001b[2Jb')).toBe('"a\\u001b[2Jb"')
    expect(safeForTerminal('a\nb')).toBe('"a\\nb"')
    expect(safeForTerminal('a\u202eb')).not.toContain('\u202e')
  })

  test('widths', () => {
    expect([displayWidth('abc'), displayWidth('漢字'), displayWidth('😀')]).toEqual([3, 4, 2])
    expect([truncateToWidth('漢字x', 3), truncateToWidth('abc', 9)]).toEqual(['漢', 'abc'])
  })
})

describe('times', () => {
  test('of backups', () => {
    expect(new Date(parseLocalTime('2012-11-01 22:08:41')).getTime()).toBe(new Date(2012, 10, 1, 22, 8, 41).getTime())
    for (const wrong of ['2012-11-01', '2012-13-01 00:00:00', '2012-02-30 00:00:00', '2012-11-01T22:08:41', '2012-11-01 24:00:00']) {
      expect(() => parseLocalTime(wrong)).toThrow(/time option/)
    }
  })

  test('of searches', () => {
    const msOf = (text: string): number => Date.parse(parseLooseTime(text) as Timestamp)
    expect(msOf('2020-05-06')).toBe(new Date(2020, 4, 6).getTime())
    expect(msOf('06.05.2020 07:08')).toBe(new Date(2020, 4, 6, 7, 8).getTime())
    expect(msOf('2020-05-06 07:08:09 -0700')).toBe(Date.UTC(2020, 4, 6, 14, 8, 9))
    expect(msOf('2020-05-06 07:08:09 UTC')).toBe(Date.UTC(2020, 4, 6, 7, 8, 9))
    for (const wrong of ['', 'yesterday', '2020-5-6', '2020-05-06 25:00', '32.01.2020'])
      expect(() => parseLooseTime(wrong)).toThrow(/unable to parse/)
  })
})

describe('the rate', () => {
  test('is that of the time since the start, then of the last two minutes', () => {
    const rate = new RateEstimator(0)
    expect(rate.bytesPerSecond(0)).toBe(0)
    for (let second = 0; second < 60; second++) rate.record(second * 1000, 1000)
    expect(rate.bytesPerSecond(60_000)).toBeCloseTo(1000)
    const fast = new RateEstimator(0)
    for (let second = 0; second < 30; second++) fast.record(second * 1000, 100_000_000)
    for (let second = 30; second < 240; second++) fast.record(second * 1000, 200_000_000)
    expect(fast.bytesPerSecond(240_000)).toBeCloseTo(200_000_000, -6)
  })
})

describe('a terminal', () => {
  const shown = (terminalOutput: PassThrough & { isTTY?: boolean; columns?: number }, act: (terminal: Terminal) => void): string => {
    const terminal = new Terminal(
      { input: new PassThrough(), output: terminalOutput, errors: new PassThrough() },
      { isDumb: false, noColor: false },
    )
    act(terminal)
    terminal.flush()
    return String(terminalOutput.read() ?? '')
  }

  test('keeps the status below what is printed', () => {
    const output = shown(Object.assign(new PassThrough(), { isTTY: true, columns: 20 }), (terminal) => {
      terminal.setStatus(['one', 'two'])
      terminal.print('line')
      terminal.setStatus([])
    })
    const clear = '\r\u001b[2K'
    const clearTwo = `${clear}\u001b[1A${clear}`
    expect(output).toBe(`one\ntwo${clearTwo}line\none\ntwo${clearTwo}`)
  })

  test('cuts lines that do not fit', () => {
    expect(shown(Object.assign(new PassThrough(), { isTTY: true, columns: 5 }), (terminal) => terminal.setStatus(['abcdefgh']))).toBe(
      'abcd',
    )
    expect(shown(Object.assign(new PassThrough(), { isTTY: true, columns: 0 }), (terminal) => terminal.setStatus(['abcdefgh']))).toBe(
      'abcdefgh',
    )
  })

  test('that is none gets lines', () => {
    expect(shown(new PassThrough(), (terminal) => terminal.setStatus(['one', 'two']))).toBe('one\ntwo\n')
  })

  test('has colours, unless nobody wants them; what is none has none', () => {
    const tinted = (output: { readonly isTTY: boolean }, options: { readonly isDumb: boolean; readonly noColor: boolean }): string => {
      const channels = { input: new PassThrough(), output: Object.assign(new PassThrough(), output), errors: new PassThrough() }
      const terminal = new Terminal(channels, options)
      return terminal.tinted('good', 'success', 'output') + terminal.tinted('bad', 'failure', 'errors')
    }
    expect(tinted({ isTTY: true }, { isDumb: false, noColor: false })).toBe('\u001b[32mgood\u001b[39mbad')
    expect(tinted({ isTTY: true }, { isDumb: false, noColor: true })).toBe('goodbad')
    expect(tinted({ isTTY: true }, { isDumb: true, noColor: false })).toBe('goodbad')
    expect(tinted({ isTTY: false }, { isDumb: false, noColor: false })).toBe('goodbad')
  })
})

describe('a status line', () => {
  const parts = [
    { rank: 0, text: '[0:05]' },
    { rank: 0, text: ' 58.76%' },
    { rank: 3, text: '  2 files 520.226 MiB' },
    { rank: 4, text: ', total 6 files 858.307 MiB' },
    { rank: 1, text: ', 101.200 MiB/s' },
    { rank: 0, text: ' ETA 0:04' },
  ]
  const bar = { rank: 2, done: 3, total: 5 }

  test.each([
    [999, '[0:05] |############--------| 58.76%  2 files 520.226 MiB, total 6 files 858.307 MiB, 101.200 MiB/s ETA 0:04'],
    [79, '[0:05] |######----| 58.76%  2 files 520.226 MiB, 101.200 MiB/s ETA 0:04'],
    [60, '[0:05] |############--------| 58.76%, 101.200 MiB/s ETA 0:04'],
    [39, '[0:05] 58.76%, 101.200 MiB/s ETA 0:04'],
    [30, '[0:05] 58.76% ETA 0:04'],
    [5, '[0:05] 58.76% ETA 0:04'],
  ])('of at most %s columns keeps what matters most', (columns, line) => {
    expect(statusLine(parts, { columns, bar })).toBe(line)
  })

  test('without a bar', () => {
    expect(statusLine(parts.slice(0, 3), { columns: 79 })).toBe('[0:05] 58.76%  2 files 520.226 MiB')
  })
})
