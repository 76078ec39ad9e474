/** What V8 reads for each error that is made: how much of a stack it notes. No other engine has it. */
const errors: ErrorConstructor & { stackTraceLimit?: number | undefined } = Error

/**
 * Errors that are made from here on know nothing of where. React makes some while it starts, to have them at hand; with a debugger
 * attached, as in tests, V8 reads all of React again for the lines of each: a tenth of what is done until the first picture.
 */
const stackTraceLimit = errors.stackTraceLimit
errors.stackTraceLimit = undefined

/** Errors are made again as they were. */
export function noteStacks(): void {
  errors.stackTraceLimit = stackTraceLimit
}
