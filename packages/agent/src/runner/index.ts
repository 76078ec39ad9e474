/** What carries out runs, on an agent and on the server: one name each. */

export {
  backupManaged,
  backupStreamManaged,
  type ManagedBackupOptions,
  type ManagedStreamOptions,
  type ManagedTarget,
} from './managed-backup.ts'
export { HttpUploadLink, type HttpUploadLinkOptions, type UploadLink } from './upload-link.ts'
