import { CommandFailure } from '../command-failure.ts'

/** What a shell may offer for the value of a flag. */
export type ValueKind = 'file' | 'folder' | 'other'

/** One flag of a command: how it is written, what it means, and how its value is read. */
export interface Flag<Value> {
  /** In the syntax of commander: `-e, --exclude <pattern>`. */
  readonly syntax: string
  readonly help: string
  /** What the value is when the flag is not given. */
  readonly initial: Value
  readonly valueKind: ValueKind
  /** The only values there are, for checks and completion. */
  readonly choices?: readonly string[]
  /** Old spellings work but are not shown. */
  readonly isHidden: boolean
  /** The value after one more occurrence of the flag. Throws {@link CommandFailure} for a text that does not fit. */
  read(text: string, previous: Value): Value
}

/** The flags of a command by the names under which it asks for them. */
export type Flags = Readonly<Record<string, Flag<unknown>>>

/** What a command line says about `F`. */
export type FlagValues<F extends Flags> = { readonly [Name in keyof F]: F[Name] extends Flag<infer Value> ? Value : never }

/** A flag without a value: true when it is given, also for `--no-…` flags. */
export function toggle(syntax: string, help: string): Flag<boolean> {
  return { syntax, help, initial: false, valueKind: 'other', isHidden: false, read: () => true }
}

/** A flag that counts how often it is given. */
export function counter(syntax: string, help: string): Flag<number> {
  return { syntax, help, initial: 0, valueKind: 'other', isHidden: false, read: (_text, previous) => previous + 1 }
}

/** A flag with a text; the last one counts. */
export function text(syntax: string, help: string, valueKind: ValueKind = 'other'): Flag<string | undefined> {
  return { syntax, help, initial: undefined, valueKind, isHidden: false, read: (value) => value }
}

/** A flag with a text that may be given several times. */
export function texts(syntax: string, help: string, valueKind: ValueKind = 'other'): Flag<readonly string[]> {
  return { syntax, help, initial: [], valueKind, isHidden: false, read: (value, previous) => [...previous, value] }
}

/** A flag whose text is turned into something else; what `parse` throws becomes a failure that names the flag. */
export function parsed<Value>(syntax: string, help: string, parse: (text: string) => Value): Flag<Value | undefined> {
  return {
    syntax,
    help,
    initial: undefined,
    valueKind: 'other',
    isHidden: false,
    read: (value) => parseValue(syntax, value, parse),
  }
}

/** A flag that may be given several times, each text turned into something else. */
export function parsedMany<Value>(syntax: string, help: string, parse: (text: string) => Value): Flag<readonly Value[]> {
  return {
    syntax,
    help,
    initial: [],
    valueKind: 'other',
    isHidden: false,
    read: (value, previous) => [...previous, parseValue(syntax, value, parse)],
  }
}

/** A flag with one of a few values. */
export function choice<Value extends string>(syntax: string, help: string, choices: readonly Value[]): Flag<Value | undefined> {
  const read = (value: string): Value => {
    const found = choices.find((candidate) => candidate === value)
    if (found === undefined) throw invalidValue(syntax, value, `must be one of ${choices.join('|')}`)
    return found
  }
  return { syntax, help, initial: undefined, valueKind: 'other', isHidden: false, choices, read }
}

/** The same flag, not shown in any help. */
export function hidden<Value>(flag: Flag<Value>): Flag<Value> {
  return { ...flag, isHidden: true }
}

/** A whole number from `least` on. */
export function wholeNumber(value: string, least = 0): number {
  if (!/^\d{1,15}$/.test(value) || Number(value) < least) throw new Error(`not a whole number from ${least} on`)
  return Number(value)
}

/** Whether a flag is followed by a value. */
export function takesValue(flag: Flag<unknown>): boolean {
  return flag.syntax.includes('<')
}

/** The spellings of a flag: `['-e', '--exclude']`. */
export function spellings(flag: Flag<unknown>): readonly string[] {
  return flag.syntax.replace(/ <.*$/, '').split(', ')
}

function parseValue<Value>(syntax: string, value: string, parse: (text: string) => Value): Value {
  try {
    return parse(value)
  } catch (error) {
    throw invalidValue(syntax, value, error instanceof Error ? error.message : String(error))
  }
}

function invalidValue(syntax: string, value: string, reason: string): CommandFailure {
  return new CommandFailure('usage', `invalid argument ${JSON.stringify(value)} for "${syntax.replace(/ <.*$/, '')}" flag: ${reason}`)
}
