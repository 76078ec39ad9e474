import { type Clock, TokenBucket } from '@holdfast/engine'
import type { BackupWork, RestoreWork } from './runner/execute-run.ts'
import { backupManaged } from './runner/managed-backup.ts'
import { managedRestoreWork } from './runner/managed-restore.ts'
import { Outage } from './runner/outage.ts'
import { HttpUploadLink, type HttpUploadLinkOptions } from './runner/upload-link.ts'

/** How the server is reached. */
type Access = Pick<HttpUploadLinkOptions, 'serverUrl' | 'token' | 'clock' | 'certificateAuthority'>

/** Backups through the server, which holds the key of the repository; a server that is away is waited for. */
export function managedBackup(options: Access): BackupWork {
  return async (order, { plan, signal, limits, progress, beginAnew, log }) => {
    const { uploadBytesPerSecond } = limits
    using link = new HttpUploadLink({
      ...options,
      pace: uploadBytesPerSecond === undefined ? undefined : paceOf(uploadBytesPerSecond, options.clock),
    })
    const target = { repositoryId: order.repositoryId, runId: order.runId }
    return await backupManaged(link, target, {
      ...{ ...plan, signal, progress },
      outage: new Outage(log),
      beginAnew: (reason) => {
        log('warning', `${reason}; the backup begins anew, and what has arrived is not sent again`)
        return beginAnew()
      },
    })
  }
}

/** Restores through the server. */
export function managedRestore(options: Access): RestoreWork {
  const { clock } = options
  return managedRestoreWork(() => new HttpUploadLink(options), { clock, paceOf: (rate) => paceOf(rate, clock) })
}

function paceOf(
  bytesPerSecond: number,
  clock: Clock,
): (direction: 'upload' | 'download', sizeBytes: number, signal?: AbortSignal) => Promise<void> {
  const bucket = new TokenBucket(bytesPerSecond, clock)
  return (_direction, sizeBytes, signal) => bucket.take(sizeBytes, signal)
}
