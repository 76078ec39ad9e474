import { type BlobId, type IndexedRepository, treeFrame } from '@holdfast/engine'

/** What one request for trees may give beyond what was asked for. */
const AHEAD_BYTES = 4 * 1024 * 1024
/** Trees that are read at once. */
const READ_AHEAD = 8

const SUBTREE = '"subtree":"'

/**
 * Trees as frames: those that were asked for, and others below them in the order in which a backup walks, since it will want those next.
 * What is below a tree of a client is the client's.
 */
export async function* treesWithDescendants(indexed: IndexedRepository, ids: readonly BlobId[]): AsyncGenerator<Uint8Array> {
  const backlog = [...ids].reverse()
  const seen = new Set<BlobId>()
  const reading: { readonly id: BlobId; readonly json: Promise<Buffer | undefined> }[] = []
  let asked = ids.length
  for (let sentBytes = 0; asked > 0 || sentBytes < AHEAD_BYTES; ) {
    while (reading.length < READ_AHEAD && backlog.length > 0) {
      const id = backlog.pop()
      if (id === undefined || seen.has(id)) continue
      seen.add(id)
      reading.push({ id, json: readTree(indexed, id) })
    }
    const next = reading.shift()
    if (next === undefined) return
    asked--
    const json = await next.json
    if (json === undefined) continue
    const frame = treeFrame(next.id, json)
    sentBytes += frame.length
    backlog.push(...subtreesOf(json).reverse())
    yield frame
  }
  await Promise.all(reading.map(({ json }) => json))
}

/** Undefined for what cannot be read: the client reads that folder anew. */
function readTree(indexed: IndexedRepository, id: BlobId): Promise<Buffer | undefined> {
  return indexed.readBlob('tree', id).catch(() => undefined)
}

/** Within a string a quote would be escaped, so that this is found nowhere but in front of ids. */
function subtreesOf(json: Buffer): BlobId[] {
  const ids: BlobId[] = []
  for (let at = json.indexOf(SUBTREE); at !== -1; at = json.indexOf(SUBTREE, at)) {
    at += SUBTREE.length
    ids.push(json.toString('latin1', at, at + 64) as BlobId)
  }
  return ids
}
