/** What of the lab the pages are about. */
export interface Subjects {
  readonly clientId: number
  readonly planId: number
  readonly runId: number
  readonly failedRunId: number
  readonly snapshotId: number
  readonly otherSnapshotId: number
  readonly repositoryId: number
  readonly filePath: string
}

/** One page of all, for what has to hold everywhere. */
export interface SomePage {
  readonly name: string
  readonly path: string
  /** For people who are not signed in. */
  readonly isPublic?: boolean
}

/** Every page that there is. */
export function allPages(subjects: Partial<Subjects>): readonly SomePage[] {
  const { clientId, planId, runId, failedRunId, snapshotId, otherSnapshotId, repositoryId } = subjects
  const path = subjects.filePath ?? '/'
  const filePath = encodeURIComponent(path)
  const folderLink = `/snapshots/${snapshotId}?path=${encodeURIComponent(path.replace(/\/[^/]*$/, ''))}`
  const tabs = ['overview', 'plans', 'snapshots', 'files', 'logs', 'commands', 'settings', 'access']
  return [
    { name: 'sign-in', path: '/sign-in', isPublic: true },
    { name: 'overview', path: '/' },
    { name: 'welcome', path: '/welcome' },
    { name: 'welcome-machine', path: '/welcome?step=machine' },
    { name: 'clients', path: '/clients' },
    ...tabs.map((tab) => ({ name: `client-${tab}`, path: `/clients/${clientId}?tab=${tab}` })),
    { name: 'plans', path: '/plans' },
    { name: 'plan', path: `/plans/${planId}` },
    { name: 'plan-new', path: `/clients/${clientId}/plans/new` },
    { name: 'runs', path: '/runs' },
    { name: 'run', path: `/runs/${runId}` },
    { name: 'run-failed', path: `/runs/${failedRunId}` },
    { name: 'snapshots', path: '/snapshots' },
    { name: 'snapshot', path: folderLink },
    { name: 'snapshot-file', path: `${folderLink}&selected=${filePath}` },
    { name: 'diff', path: `/snapshots/${snapshotId}/diff/${otherSnapshotId}` },
    { name: 'search', path: '/search?query=report' },
    { name: 'versions', path: `/files/versions?clientId=${clientId}&path=${filePath}` },
    { name: 'repositories', path: '/repositories' },
    { name: 'repository', path: `/repositories/${repositoryId}` },
    { name: 'repository-new', path: '/repositories/new' },
    { name: 'users', path: '/administration/users' },
    { name: 'notifications', path: '/administration/notifications' },
    { name: 'audit', path: '/administration/audit' },
    { name: 'settings', path: '/administration/settings' },
    { name: 'about', path: '/administration/about' },
    { name: 'account', path: '/account' },
  ]
}
