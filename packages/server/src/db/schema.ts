import type { BackupServiceTables } from '../ancestors/backup-service/tables.ts'
import type { AccountTables } from '../features/accounts/tables.ts'
import type { AuditTables } from '../features/audit/tables.ts'
import type { ClientTables } from '../features/clients/tables.ts'
import type { MaintenanceTables } from '../features/maintenance/tables.ts'
import type { NotificationTables } from '../features/notifications/tables.ts'
import type { PlanTables } from '../features/plans/tables.ts'
import type { QuestionTables } from '../features/questions/tables.ts'
import type { RepositoryTables } from '../features/repositories/tables.ts'
import type { ResticAccessTables } from '../features/restic-access/tables.ts'
import type { RunTables } from '../features/runs/tables.ts'
import type { SearchTables } from '../features/search/tables.ts'
import type { UploadTables } from '../features/uploads/tables.ts'

/**
 * All tables, each feature's own. What they have in common: ids are integers that the database gives; times are milliseconds since 1970;
 * booleans are 0 or 1; lists and objects are JSON in text. Thus every row is the same on both databases.
 */
export interface Tables
  extends AccountTables,
    AuditTables,
    BackupServiceTables,
    ClientTables,
    MaintenanceTables,
    PlanTables,
    NotificationTables,
    QuestionTables,
    RepositoryTables,
    ResticAccessTables,
    RunTables,
    SearchTables,
    UploadTables,
    MigrationTables {}

interface MigrationTables {
  schema_migrations: { readonly name: string; readonly applied_at: number }
}
