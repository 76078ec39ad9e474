/** What carries out runs, on an agent and on the server: one name each. */

export {
  type BackupOrder,
  type BackupWork,
  executeRun,
  type RestoreRunOrder,
  type RestoreWork,
  type RunContext,
  type WorkOptions,
} from './execute-run.ts'
export { type MachinePolicy, UNRESTRICTED } from './machine-policy.ts'
export {
  backupManaged,
  backupStreamManaged,
  type ManagedBackupOptions,
  type ManagedStreamOptions,
  type ManagedTarget,
} from './managed-backup.ts'
export { type ManagedRestoreOptions, restoreManaged } from './managed-restore.ts'
export type { PlannedBackup } from './prepare-backup.ts'
export { HttpUploadLink, type HttpUploadLinkOptions, type UploadLink } from './upload-link.ts'
