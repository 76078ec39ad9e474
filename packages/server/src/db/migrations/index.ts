import type { Migration } from '../columns.ts'
import { accountsMigration } from './0001-accounts.ts'
import { repositoriesMigration } from './0002-repositories.ts'
import { clientsMigration } from './0003-clients.ts'
import { plansMigration } from './0004-plans.ts'
import { notificationsMigration } from './0005-notifications.ts'
import { uploadsMigration } from './0006-uploads.ts'
import { searchMigration } from './0007-search.ts'
import { resticAccessMigration } from './0008-restic-access.ts'
import { maintenanceMigration } from './0009-maintenance.ts'
import { backupServiceMigration } from './0010-backup-service.ts'
import { keptVersionsMigration } from './0011-kept-versions.ts'
import { overviewMigration } from './0012-overview.ts'
import { questionsMigration } from './0013-questions.ts'
import { longPathsMigration } from './0014-long-paths.ts'
import { agentTokensMigration } from './0015-agent-tokens.ts'
import { knownKeysMigration } from './0016-known-keys.ts'
import { uploadRoomMigration } from './0017-upload-room.ts'
import { leavingSnapshotsMigration } from './0018-leaving-snapshots.ts'
import { untoldEndsMigration } from './0019-untold-ends.ts'
import { machinePoliciesMigration } from './0020-machine-policies.ts'
import { knownRepositoriesMigration } from './0021-known-repositories.ts'
import { incompleteBackupsMigration } from './0022-incomplete-backups.ts'
import { damageFoundMigration } from './0023-damage-found.ts'

/** Every step of the schema, oldest first. */
export function allMigrations(): readonly Migration[] {
  return [
    accountsMigration,
    repositoriesMigration,
    clientsMigration,
    plansMigration,
    notificationsMigration,
    uploadsMigration,
    searchMigration,
    resticAccessMigration,
    maintenanceMigration,
    backupServiceMigration,
    keptVersionsMigration,
    overviewMigration,
    questionsMigration,
    longPathsMigration,
    agentTokensMigration,
    knownKeysMigration,
    uploadRoomMigration,
    leavingSnapshotsMigration,
    untoldEndsMigration,
    machinePoliciesMigration,
    knownRepositoriesMigration,
    incompleteBackupsMigration,
    damageFoundMigration,
  ]
}
