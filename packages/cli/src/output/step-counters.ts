import type { Counter, Printer } from './printer.ts'

/** A counter for each step that an operation goes through, one after the other. */
export class StepCounters {
  readonly #printer: Printer
  #step = ''
  #done = 0
  #counter: Counter | undefined

  constructor(printer: Printer) {
    this.#printer = printer
  }

  show(progress: { readonly step: string; readonly done: number; readonly total?: number }): void {
    if (progress.step !== this.#step) {
      this.done()
      this.#step = progress.step
      this.#counter = this.#printer.counter(progress.step)
    }
    if (progress.total !== undefined) this.#counter?.setTotal(progress.total)
    this.#counter?.add(progress.done - this.#done)
    this.#done = progress.done
  }

  done(): void {
    this.#counter?.done()
    this.#counter = undefined
    this.#done = 0
  }
}
