import type { Complaint } from './complaint.ts'

/** What the rules read of package-lock.json: paths below `node_modules/` to what npm knows about them. */
export interface LockedPackage {
  readonly dev: boolean
  readonly link: boolean
  /** The SPDX expression of the package's own package.json, or of the lock file where the package is not for this platform. */
  readonly licence: string | undefined
}

const PERMISSIVE = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT', 'MIT-0', 'Unlicense']

/** Packages that users of Holdfast receive and whose licence is not permissive. */
export function licenceComplaints(locked: Readonly<Record<string, LockedPackage>>): readonly Complaint[] {
  return Object.entries(locked)
    .filter(([path, { dev, link }]) => path.includes('node_modules/') && !dev && !link)
    .filter(([, { licence }]) => !isPermissive(licence ?? ''))
    .map(([path, { licence }]) => ({ path: 'package-lock.json', line: 0, message: `${path} has the licence ${licence ?? '(none)'}` }))
}

/** `A OR B` lets us choose one, `A AND B` asks for both. */
function isPermissive(expression: string): boolean {
  const bare = expression.replaceAll(/[()]/g, '')
  return bare.split(' OR ').some((choice) => choice.split(' AND ').every((one) => PERMISSIVE.includes(one.trim())))
}
