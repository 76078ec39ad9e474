const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 0.001, µs: 0.001, ns: 0.000_001 }

/** Milliseconds of a duration as Go writes them: `5m`, `1h30m`, `1.5s`; `0` needs no unit. Throws an `Error` that says what is wrong. */
export function parseDurationMs(text: string): number {
  if (text === '0') return 0
  if (!/^(\d+(\.\d*)?(h|ms|m|s|us|µs|ns))+$/.test(text)) throw new Error('not a duration such as 5m or 1h30m')
  let sumMs = 0
  for (const [, amount = '', unit = ''] of text.matchAll(/(\d+(?:\.\d*)?)(h|ms|m|s|us|µs|ns)/g))
    sumMs += Number(amount) * (UNITS_MS[unit] ?? 0)
  return sumMs
}
