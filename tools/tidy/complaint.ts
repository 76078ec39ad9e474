/** What a rule of the tidy test has to say about one place in the repository. */
export interface Complaint {
  readonly path: string
  /** From 1; 0 when the whole file is meant. */
  readonly line: number
  readonly message: string
}

/** `file:line: message`, one a line, in the order of files. */
export function printed(complaints: readonly Complaint[]): readonly string[] {
  return complaints
    .toSorted((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1))
    .map(({ path, line, message }) => (line === 0 ? `${path}: ${message}` : `${path}:${line}: ${message}`))
}
