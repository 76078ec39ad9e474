/** Numbers of a prune; the names are those of restic's JSON, in words. Blobs are counted once for each pack that holds them. */
export interface PruneStatistics {
  readonly blobs: {
    used: number
    duplicate: number
    unused: number
    total: number
    /** In packs that are written anew, used ones among them. */
    repack: number
    /** Left out when packs are written anew. */
    repackRemove: number
    /** In packs that are removed as a whole. */
    remove: number
    removeTotal: number
    remaining: number
  }
  readonly bytes: {
    used: number
    duplicate: number
    unused: number
    /** Packs that no index file names. */
    unreferenced: number
    /** Packs that hold a blob that is not compressed, after the prune; 0 in repositories of version 1. */
    uncompressed: number
    total: number
    repack: number
    repackRemove: number
    remove: number
    removeTotal: number
    remaining: number
    remainingUnused: number
  }
  readonly packs: {
    used: number
    unused: number
    partlyUsed: number
    unreferenced: number
    total: number
    keep: number
    repack: number
    remove: number
    removeTotal: number
  }
}

/** All zeros, to count in. */
export function emptyStatistics(): PruneStatistics {
  return {
    blobs: { used: 0, duplicate: 0, unused: 0, total: 0, repack: 0, repackRemove: 0, remove: 0, removeTotal: 0, remaining: 0 },
    bytes: {
      used: 0,
      duplicate: 0,
      unused: 0,
      unreferenced: 0,
      uncompressed: 0,
      total: 0,
      repack: 0,
      repackRemove: 0,
      remove: 0,
      removeTotal: 0,
      remaining: 0,
      remainingUnused: 0,
    },
    packs: { used: 0, unused: 0, partlyUsed: 0, unreferenced: 0, total: 0, keep: 0, repack: 0, remove: 0, removeTotal: 0 },
  }
}

/** Fills in the totals, which follow from the rest. */
export function addTotals({ blobs, bytes, packs }: PruneStatistics): void {
  blobs.total = blobs.used + blobs.unused + blobs.duplicate
  blobs.removeTotal = blobs.remove + blobs.repackRemove
  blobs.remaining = blobs.total - blobs.removeTotal
  bytes.total = bytes.used + bytes.duplicate + bytes.unused + bytes.unreferenced
  bytes.removeTotal = bytes.remove + bytes.repackRemove + bytes.unreferenced
  bytes.remaining = bytes.total - bytes.removeTotal
  bytes.remainingUnused = remainingUnusedBytes({ bytes })
  packs.total = packs.used + packs.partlyUsed + packs.unused + packs.unreferenced
  packs.removeTotal = packs.unreferenced + packs.remove
}

/** Unused bytes that are left after what is decided so far. */
export function remainingUnusedBytes({ bytes }: Pick<PruneStatistics, 'bytes'>): number {
  return bytes.duplicate + bytes.unused - bytes.remove - bytes.repackRemove
}
