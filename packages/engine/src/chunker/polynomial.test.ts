import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  degreeOf,
  formatPolynomial,
  greatestCommonDivisor,
  isIrreducible,
  parsePolynomial,
  randomPolynomial,
  remainder,
} from './polynomial.ts'

describe('isIrreducible', () => {
  // The table of the reference implementation.
  const reducible = [
    0x38f1e565e288dfn,
    0x30a8295b9d5c91n,
    0x255f4350b962cbn,
    0x267f776110a235n,
    0x2f4dae10d41227n,
    0x312daf4b284899n,
    0x29dfb6553d01d1n,
    0x3548245eb26257n,
    0x3199e7ef4211b3n,
    0x362f39017dae8bn,
    0x200d57aa6fdacbn,
    0x35e0a4efa1d275n,
    0x2ced55b026577fn,
    0x260b012010893dn,
    0x2df29cbcd59e9dn,
    0x3f2ac7488bd429n,
    0x3e5cb1711669fbn,
    0x226d8de57a9959n,
    0x3c8de80aaf5835n,
    0x2026a59efb219bn,
    0x39dfa4d13fb231n,
    0x3143d0464b3299n,
  ]

  it.each([0x3da3358b4dc173n, 0x2482734cacca49n])('accepts %s', (value) => {
    expect(isIrreducible(value)).toBe(true)
  })

  it.each(reducible)('refuses %s', (value) => {
    expect(isIrreducible(value)).toBe(false)
  })

  it('agrees with trial division', () => {
    for (let value = 2n; value < 1024n; value++) {
      let divisible = false
      for (let divisor = 2n; degreeOf(divisor) < degreeOf(value) && !divisible; divisor++) divisible = remainder(value, divisor) === 0n
      expect([value, isIrreducible(value)]).toEqual([value, !divisible])
    }
  })

  it.each([0n, 1n])('refuses the constant %s', (value) => {
    expect(isIrreducible(value)).toBe(false)
  })
})

describe('arithmetic', () => {
  // Tables of the reference implementation.
  it.each([
    [10n, 50n, 10n],
    [0n, 1n, 0n],
    [0b101101001n, 0b1010n, 1n],
    [2n, 2n, 0n],
    [0x8000000000000000n, 0x8000000000000000n, 0n],
    [0b1100n, 0b100n, 0n],
    [0b1100001111n, 0b10011n, 0n],
  ])('%s modulo %s is %s', (dividend, divisor, rest) => {
    expect(remainder(dividend, divisor)).toBe(rest)
  })

  it.each([
    [10n, 50n, 2n],
    [0n, 1n, 1n],
    [0b101101001n, 0b1010n, 1n],
    [2n, 2n, 2n],
    [0b1010n, 0b11n, 0b11n],
    [0x8000000000000000n, 0x8000000000000000n, 0x8000000000000000n],
    [0b1100n, 0b101n, 0b11n],
    [0b1100001111n, 0b10011n, 0b10011n],
    [0x3da3358b4dc173n, 0x3da3358b4dc173n, 0x3da3358b4dc173n],
    [0x3da3358b4dc173n, 0x230d2259defdn, 1n],
    [0x230d2259defdn, 0x51b492b3eff2n, 0b10011n],
  ])('%s and %s have the greatest common divisor %s', (first, second, divisor) => {
    expect(greatestCommonDivisor(first, second)).toBe(divisor)
    expect(greatestCommonDivisor(second, first)).toBe(divisor)
  })

  it('knows degrees', () => {
    expect(degreeOf(0n)).toBe(-1)
    for (let degree = 0; degree < 64; degree++) expect(degreeOf(1n << BigInt(degree))).toBe(degree)
  })
})

describe('randomPolynomial', () => {
  it('is irreducible, of degree 53, and another each time', () => {
    const made = new Set(Array.from({ length: 20 }, randomPolynomial))
    expect(made.size).toBe(20)
    for (const polynomial of made) {
      expect(degreeOf(polynomial)).toBe(53)
      expect(isIrreducible(polynomial)).toBe(true)
    }
  })
})

describe('parsePolynomial', () => {
  it('reads what formatPolynomial writes', () => {
    expect(formatPolynomial(parsePolynomial('003DA3358B4DC173'))).toBe('3da3358b4dc173')
    fc.assert(
      fc.property(fc.constant(0), () => {
        const polynomial = randomPolynomial()
        expect(parsePolynomial(formatPolynomial(polynomial))).toBe(polynomial)
      }),
      { numRuns: 10 },
    )
  })

  it('takes every degree that restic cuts with', () => {
    expect(parsePolynomial('11b')).toBe(0x11bn)
  })

  it.each([
    ['', 'not a hexadecimal number'],
    ['0x3da3358b4dc173', 'not a hexadecimal number'],
    ['-1', 'not a hexadecimal number'],
    ['3da3358b4dc17g', 'not a hexadecimal number'],
    ['1'.repeat(17), 'not a hexadecimal number'],
    ['f'.repeat(1_000_000), 'not a hexadecimal number'],
    ['0', 'degree -1'],
    ['83', 'degree 7'],
    ['4000000000000f', 'degree 54'],
    ['ffffffffffffffff', 'degree 63'],
    ['38f1e565e288df', 'reducible'],
  ])('refuses "%.20s": %s', (hex, state) => {
    expect(() => parsePolynomial(hex)).toThrowError(
      expect.objectContaining({ code: 'data.malformed', message: expect.stringContaining(state) }),
    )
  })
})
