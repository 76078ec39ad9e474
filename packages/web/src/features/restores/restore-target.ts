/** What is wrong with a folder to restore to; each is a message. */
export type TargetFault = 'targetMissing' | 'targetOfWindows' | 'targetNotWhole'

/** What is wrong with the folder that was typed. The server takes what its agents do: paths that begin with a slash, on every machine. */
export function targetFault(target: string): TargetFault | undefined {
  if (target === '') return 'targetMissing'
  if (/^(?:[A-Za-z]:|\\\\)/.test(target)) return 'targetOfWindows'
  return target.startsWith('/') ? undefined : 'targetNotWhole'
}
