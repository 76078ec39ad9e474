/**
 * Resolves when what waits for this thread has had its turn. For long work in pieces: neither computing nor SQLite, which answers at once,
 * lets go of the thread by itself.
 */
export function letOthersRun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
