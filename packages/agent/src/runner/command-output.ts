/** A command that says more is not listened to in between: its first lines are kept, and its last. */
const FIRST_LINES = 500
const LAST_LINES = 100
const LINE_CHARACTERS = 4000

/** Makes lines of what a command says on one of its channels, and hands out as many as a log can bear. */
export class CommandOutput {
  readonly #onLine: (line: string) => void
  readonly #last: string[] = []
  #rest = ''
  #isRestCut = false
  #lineCount = 0

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  add(text: string): void {
    const [first = '', ...others] = text.split('\n')
    this.#append(first)
    for (const part of others) {
      this.#finishLine()
      this.#append(part)
    }
  }

  /** Hands out what is left: an unfinished line, and the last lines of a long output. */
  end(): void {
    if (this.#rest !== '') this.#finishLine()
    const left = this.#lineCount - FIRST_LINES - this.#last.length
    if (left > 0) this.#onLine(`… ${left} lines are left out …`)
    for (const line of this.#last.splice(0)) this.#onLine(line)
  }

  #append(part: string): void {
    const room = LINE_CHARACTERS - this.#rest.length
    if (part.length > room) this.#isRestCut = true
    this.#rest += part.slice(0, room)
  }

  #finishLine(): void {
    const line = this.#rest.replace(/\r$/, '') + (this.#isRestCut ? '…' : '')
    this.#rest = ''
    this.#isRestCut = false
    this.#lineCount += 1
    if (this.#lineCount <= FIRST_LINES) {
      this.#onLine(line)
      return
    }
    this.#last.push(line)
    if (this.#last.length > LAST_LINES) this.#last.shift()
  }
}
