import { CommandFailure } from '../command-failure.ts'
import { type Flag, spellings, takesValue } from './flag.ts'

const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True']
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False']

/**
 * Rewrites the spellings that scripts for restic use and commander does not know: `--flag=false`, `--verbose=2` and `-x=value`.
 * What stands behind `--` is left alone.
 */
export function normaliseArguments(args: readonly string[], flags: Iterable<Flag<unknown>>): string[] {
  const known = new Map<string, Flag<unknown>>()
  for (const flag of flags) for (const spelling of spellings(flag)) known.set(spelling, flag)
  const normalised: string[] = []
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ''
    if (arg === '--') return [...normalised, ...args.slice(index)]
    normalised.push(...normaliseOne(arg, known))
    if (isFollowedByValue(arg, known)) normalised.push(...args.slice(++index, index + 1))
  }
  return normalised
}

/** Whether the next argument belongs to this one, whatever it looks like. */
export function isFollowedByValue(arg: string, known: ReadonlyMap<string, Flag<unknown>>): boolean {
  if (arg.startsWith('--')) {
    const flag = known.get(arg)
    return flag !== undefined && takesValue(flag)
  }
  if (!arg.startsWith('-')) return false
  for (let at = 1; at < arg.length; at++) {
    const flag = known.get(`-${arg[at]}`)
    if (flag !== undefined && takesValue(flag)) return at === arg.length - 1
  }
  return false
}

function normaliseOne(arg: string, known: ReadonlyMap<string, Flag<unknown>>): readonly string[] {
  const equals = arg.indexOf('=')
  if (!arg.startsWith('-') || equals === -1) return [arg]
  const name = arg.slice(0, equals)
  const value = arg.slice(equals + 1)
  const flag = known.get(name)
  if (flag === undefined) return [arg]
  if (takesValue(flag)) return arg.startsWith('--') ? [arg] : [name, value]
  if (typeof flag.initial === 'number' && /^\d$/.test(value)) return Array.from({ length: Number(value) }, () => name)
  if (TRUE.includes(value)) return [name]
  if (FALSE.includes(value)) return []
  throw new CommandFailure(
    'usage',
    `invalid argument ${JSON.stringify(value)} for "${spellings(flag).join(', ')}" flag: neither true nor false`,
  )
}
