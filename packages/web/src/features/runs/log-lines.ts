import type { RunLogEntry } from '@holdfast/protocol'

/** Lines of a log with others put among them: in order, and each once. */
export function mergedLines(lines: readonly RunLogEntry[], others: readonly RunLogEntry[]): readonly RunLogEntry[] {
  const lastId = lines.at(-1)?.id ?? 0
  // What is heard is nearly always newer than all that is known.
  if (others.every(({ id }, index) => id > (others[index - 1]?.id ?? lastId))) return others.length === 0 ? lines : [...lines, ...others]
  const byId = new Map([...lines, ...others].map((line) => [line.id, line]))
  return [...byId.values()].toSorted((one, other) => one.id - other.id)
}
