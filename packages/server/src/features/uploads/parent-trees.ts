import { type BlobId, type IndexedRepository, openFrame, readFrames } from '@holdfast/engine'

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
  const reading: { readonly id: BlobId; readonly frame: Promise<Uint8Array | undefined> }[] = []
  let asked = ids.length
  for (let sentBytes = 0; asked > 0 || sentBytes < AHEAD_BYTES; ) {
    while (reading.length < READ_AHEAD && backlog.length > 0) {
      const id = backlog.pop()
      if (id === undefined || seen.has(id)) continue
      seen.add(id)
      reading.push({ id, frame: readTree(indexed, id) })
    }
    const next = reading.shift()
    if (next === undefined) return
    asked--
    const frame = await next.frame
    if (frame === undefined) continue
    sentBytes += frame.length
    backlog.push(...subtreesOf(frame).reverse())
    yield frame
  }
  await Promise.all(reading.map(({ frame }) => frame))
}

/** Undefined for what cannot be read: the client reads that folder anew. */
function readTree(indexed: IndexedRepository, id: BlobId): Promise<Uint8Array | undefined> {
  return indexed.readTreeFrame(id).catch(() => undefined)
}

/** Within a string a quote would be escaped, so that this is found nowhere but in front of ids. */
function subtreesOf(bytes: Uint8Array): BlobId[] {
  const [frame] = readFrames(bytes)
  if (frame === undefined) return []
  const plaintext = openFrame(frame)
  const json = Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength)
  const ids: BlobId[] = []
  for (let at = json.indexOf(SUBTREE); at !== -1; at = json.indexOf(SUBTREE, at)) {
    at += SUBTREE.length
    ids.push(json.toString('latin1', at, at + 64) as BlobId)
  }
  return ids
}
