/** Work that has a turn: it runs until its promise settles. */
type Work = () => Promise<void>

/**
 * Decides what a bounded number of runners does next: files before folders, so that what was begun is finished; the newest folder before
 * older ones, so that a walk goes deep first and holds little.
 */
export class WorkScheduler {
  readonly #limit: number
  readonly #files: Work[] = []
  readonly #folders: Work[] = []
  readonly #done = Promise.withResolvers<void>()
  #running = 0
  #hasFailed = false

  constructor(limit: number) {
    this.#limit = limit
    this.#done.promise.catch(() => undefined)
  }

  addFile(work: Work): void {
    this.#files.push(work)
    this.#pump()
  }

  addFolder(work: Work): void {
    this.#folders.push(work)
    this.#pump()
  }

  /** Ends everything: nothing new begins, and {@link WorkScheduler.finished} rejects. */
  fail(error: unknown): void {
    this.#hasFailed = true
    this.#files.length = 0
    this.#folders.length = 0
    this.#done.reject(error)
  }

  /** Resolves when nothing runs and nothing waits; rejects with the first failure. Something must have been added before. */
  finished(): Promise<void> {
    return this.#done.promise
  }

  #pump(): void {
    while (this.#running < this.#limit && !this.#hasFailed) {
      const work = this.#files.shift() ?? this.#folders.pop()
      if (work === undefined) break
      this.#running++
      this.#run(work)
    }
    if (this.#running === 0) this.#done.resolve()
  }

  #run(work: Work): void {
    work().then(
      () => {
        this.#running--
        this.#pump()
      },
      (error: unknown) => {
        this.#running--
        this.fail(error)
      },
    )
  }
}
