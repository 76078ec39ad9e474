/**
 * Everything that programs may use of the engine, one name each. What is not here may change at any time.
 */

export type { Polynomial } from './chunker/polynomial.ts'
export { parsePolynomial } from './chunker/polynomial.ts'
export { cutStream, StreamCutter } from './chunker/stream-cutter.ts'
export type { CompressionMode } from './compression/zstd.ts'
export { randomSealingKey, type SealingKey } from './crypto/sealer.ts'
export { ENGINE_ERRORS, EngineError, type EngineErrorCode, isEngineError, messageOf, systemStateOf } from './errors.ts'
export { parseByteSize } from './format/byte-size.ts'
export {
  type ByteString,
  byteStringFrom,
  byteStringOf,
  bytesOf,
  displayText,
  joinBytes,
  systemPath,
  UTF8_SEQUENCE,
} from './format/byte-string.ts'
export { describeMode, statModeFromGo } from './format/file-mode.ts'
export { type BlobId, type Id, type KeyId, type PackId, parseId, type SnapshotId, shortId } from './format/ids.ts'
export type { NodeType, Tree, TreeNode } from './format/node.ts'
export type { BlobType } from './format/pack-header.ts'
export { EMPTY_SUMMARY, type Snapshot, type SnapshotSummary, type StoredSnapshot } from './format/snapshot.ts'
export {
  compareTimestamps,
  formatTimestamp,
  parseTimestamp,
  type Timestamp,
  timestampFromMs,
  timestampToMs,
} from './format/timestamp.ts'
export { encodeNode, encodeTree } from './format/tree.ts'
export { ENTRY_TYPES, NO_OFFSET, readTreeNode, scanTreeEntries, type TreeEntries } from './format/tree-entries.ts'
export { scanTree } from './format/tree-scan.ts'
export { type Clock, systemClock } from './host/clock.ts'
export { type CommandEnd, runCommand, runProgram } from './host/exec.ts'
export { currentIdentity, type Identity } from './host/machine.ts'
export { makeFolders } from './host/make-folders.ts'
export { randomFraction, secureRandom } from './host/random.ts'
export { namedTimeZone, systemTimeZone, type TimeZone } from './host/time-zone.ts'
export { type Account, accountOf } from './host/user-names.ts'
export { type BackupOptions, type BackupResult, type BackupTarget, backup } from './operations/backup/backup.ts'
export type { BackupProgress } from './operations/backup/backup-progress.ts'
export { spareBackupThreads } from './operations/backup/backup-workers.ts'
export { type BackupEstimate, estimateBackup } from './operations/backup/estimate.ts'
export type { BackupItem } from './operations/backup/item-log.ts'
export { findParent } from './operations/backup/parent.ts'
export { type SelectionWeight, type WeighedPath, weighSelection } from './operations/backup/preview.ts'
export { type BlobProofs, HAVE, PROVE, type RemoteStore, SEND, type StoreAnswer } from './operations/backup/remote-store.ts'
export type { SelectionRules } from './operations/backup/selection.ts'
export { backupStream } from './operations/backup/stream-backup.ts'
export { type CatFile, catBlob, catFile, resolveFileId } from './operations/cat.ts'
export { type CheckReport, checkRepository } from './operations/check/check.ts'
export { FINDINGS, type Finding } from './operations/check/findings.ts'
export { spareVerifyThreads } from './operations/check/read-packs.ts'
export { repairCommands } from './operations/check/repair-commands.ts'
export { copySnapshots } from './operations/copy.ts'
export { type DiffChange, type DiffStatistics, diffTrees } from './operations/diff.ts'
export type { ArchiveOptions } from './operations/dump/archive-entries.ts'
export { dumpTar, dumpZip } from './operations/dump/dump-archive.ts'
export { contentBytes, dumpFile } from './operations/dump/dump-file.ts'
export { CACHE_MARKER, type ExclusionMarker, parseExclusionMarker } from './operations/exclusion-marker.ts'
export { expandSourcePattern } from './operations/expand-source-pattern.ts'
export { type FoundNode, findFiles } from './operations/find.ts'
export { type FoundObject, findObjects, locateObject, objectsOfPacks } from './operations/find-objects.ts'
export { executeForget, type ForgetGroup, type ForgetPlan, planForget, planForgetOf } from './operations/forget.ts'
export { BlobIngest, type IngestedBlob } from './operations/ingest/blob-ingest.ts'
export { frameBatches } from './operations/ingest/frame-batches.ts'
export { type Lender, openBorrowed } from './operations/lend/borrowed-repository.ts'
export { LentSnapshot } from './operations/lend/lent-snapshot.ts'
export { type ListedNode, listSnapshot } from './operations/list.ts'
export { packsOfSnapshot } from './operations/packs-of-snapshot.ts'
export { compilePathFilter, type PathFilter, uniteFilters } from './operations/path-filter.ts'
export { expandVariables, readPatternLines } from './operations/pattern-file.ts'
export { executePrune } from './operations/prune/execute-prune.ts'
export { type MaxUnused, parseMaxUnused } from './operations/prune/max-unused.ts'
export { type PrunePlan, planPrune } from './operations/prune/plan-prune.ts'
export type { PruneStatistics } from './operations/prune/statistics.ts'
export { parseReadDataSubset, type ReadDataSubset, selectPacks } from './operations/read-data-subset.ts'
export { allMigrations, type Migration } from './operations/repair/migrate.ts'
export { executeRecover, planRecover, type RecoverPlan } from './operations/repair/recover.ts'
export { executeIndexRepair, type IndexRepairPlan, planIndexRepair } from './operations/repair/repair-index.ts'
export { executePackRepair, type PackRepairPlan, planPackRepair } from './operations/repair/repair-packs.ts'
export { executeSnapshotRepair, planSnapshotRepair, type SnapshotRepairPlan } from './operations/repair/repair-snapshots.ts'
export { unlock } from './operations/repair/unlock.ts'
export { measureRestore, type RestoreMeasure } from './operations/restore/measure.ts'
export { executeRestore, planRestore } from './operations/restore/restore.ts'
export type {
  AttributePatterns,
  OverwritePolicy,
  RestoreAction,
  RestoreOptions,
  RestorePlan,
  RestoreProgress,
  RestoreRequest,
  RestoreStatistics,
} from './operations/restore/restore-request.ts'
export { spareRestoreThreads } from './operations/restore/restore-workers.ts'
export { isWithin, selectPaths } from './operations/restore/select-paths.ts'
export { rewriteSnapshot } from './operations/rewrite.ts'
export { readRawSources, readSourceLines, readSourcePatterns } from './operations/source-list.ts'
export { computeStatistics, type RepositoryStatistics, STATISTICS_MODES, type StatisticsMode } from './operations/statistics.ts'
export { changeTags, type TagChange } from './operations/tag.ts'
export {
  BLOB_NAME_BYTES,
  decodeBlobNames,
  encodeBlobNames,
  openFrame,
  readFrames,
} from './repository/blob-frames.ts'
export { BlobSet } from './repository/blob-set.ts'
export type { IndexedRepository } from './repository/indexed-repository.ts'
export { addKey, listKeys, removeKey, type StoredKey, type UnlockedKey, unlockKey } from './repository/keys.ts'
export { initRepository, type OpenOptions, OpenRepository, openRepository } from './repository/open-repository.ts'
export type { RepositoryWriter } from './repository/repository-writer.ts'
export type { SpareThreads } from './repository/worker-pool.ts'
export { type GroupBy, type GroupKey, groupSnapshots, parseGroupBy, type SnapshotGroup } from './snapshots/grouping.ts'
export { loadSnapshot, loadSnapshots } from './snapshots/load-snapshots.ts'
export { parseRetentionDuration, type RetentionDuration } from './snapshots/retention-duration.ts'
export { describePolicy, isEmptyPolicy, type KeepReason, parseKeepCount, type RetentionPolicy } from './snapshots/retention-policy.ts'
export { saveSnapshot } from './snapshots/save-snapshot.ts'
export {
  filterSnapshots,
  findSnapshot,
  parseSnapshotSpec,
  type SnapshotFilter,
  selectSnapshots,
} from './snapshots/selection.ts'
export { parseTagList, type TagList } from './snapshots/tag-list.ts'
export { findNode, findSubtree, type WalkedNode, walkTree } from './snapshots/tree-walker.ts'
export { CacheFolder, type CacheInfo, listCaches, removeCache } from './storage/cache-folder.ts'
export { type ContractResult, verifyStorage } from './storage/contract/verify-storage.ts'
export { allStorages, type OpenStorageOptions, openStorage, type ParsedLocation, parseLocation } from './storage/open-storage.ts'
export { readOnly } from './storage/read-only.ts'
export type { FileInfo, FileKind, FileRef, Storage } from './storage/storage.ts'
export { TokenBucket } from './storage/with-bandwidth-limit.ts'
export { withCache } from './storage/with-cache.ts'
export { describeRetry, type RetryEvent } from './storage/with-retry.ts'
export { withoutWrites } from './storage/without-writes.ts'
