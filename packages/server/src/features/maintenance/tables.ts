/** Rows of the tables of maintenance. */
export interface MaintenanceTables {
  repository_tasks: RepositoryTaskRow
}

/** Something that the server does for a repository again and again. */
export interface RepositoryTaskRow {
  readonly repository_id: number
  /** `refresh` compares the register of snapshots with the repository, and counts. */
  readonly kind: 'maintenance' | 'check' | 'refresh'
  /** When it is to be done; null for only when somebody asks for it. */
  readonly due_at: number | null
  /** It was put off until then. */
  readonly not_before: number | null
  /** JSON of what somebody asked for, until that has ended. */
  readonly request: string | null
  readonly started_at: number | null
  readonly succeeded_at: number | null
  readonly error: string | null
  readonly run_id: number | null
  /** JSON of what checks have found, until one has found it mended; null for everything but checks. */
  readonly damage: string | null
  /** JSON of what it has to know the next time. */
  readonly memory: string | null
}
