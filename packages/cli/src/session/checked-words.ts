/** Says that a check has found a repository sound. */
export function checkedWords(snapshotCount: number): string {
  return `checked: no errors were found in ${snapshotCount} ${snapshotCount === 1 ? 'snapshot' : 'snapshots'}`
}
