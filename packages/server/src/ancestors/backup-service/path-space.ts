/** Absolute paths of files that can lie in one snapshot: none occurs twice, and none is below another one. */
export class PathSpace {
  readonly #files = new Set<string>()
  readonly #folders = new Set<string>()

  /** How many there are. */
  get size(): number {
    return this.#files.size
  }

  /** Whether there is room for another file. */
  fits(path: string): boolean {
    return !this.#files.has(path) && !this.#folders.has(path) && !parentsOf(path).some((parent) => this.#files.has(parent))
  }

  /** Takes a file in that fits. */
  add(path: string): void {
    this.#files.add(path)
    for (const parent of parentsOf(path)) this.#folders.add(parent)
  }
}

function parentsOf(path: string): string[] {
  const parents: string[] = []
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) parents.push(path.slice(0, at))
  return parents
}
