import { type Clock, TokenBucket } from '@holdfast/engine'
import type { Limits } from '@holdfast/protocol'
import type { BackupWork } from './runner/execute-run.ts'
import { backupManaged } from './runner/managed-backup.ts'
import { HttpUploadLink, type HttpUploadLinkOptions } from './runner/upload-link.ts'

/** Backups through the server, which holds the key of the repository; a server that is away is waited for. */
export function managedBackup(options: Pick<HttpUploadLinkOptions, 'serverUrl' | 'token' | 'clock' | 'certificateAuthority'>): BackupWork {
  return async (order, { plan, signal, limits, progress, log }) => {
    using link = new HttpUploadLink({ ...options, pace: paceOf(limits, options.clock) })
    const target = { repositoryId: order.repositoryId, runId: order.runId }
    const onRetry = (message: string): void => log('warning', `${message}; trying again`)
    return await backupManaged(link, target, { ...plan, signal, progress, onRetry })
  }
}

function paceOf({ uploadBytesPerSecond }: Limits, clock: Clock): HttpUploadLinkOptions['pace'] {
  if (uploadBytesPerSecond === undefined) return undefined
  const bucket = new TokenBucket(uploadBytesPerSecond, clock)
  return (_direction, sizeBytes) => bucket.take(sizeBytes, undefined)
}
