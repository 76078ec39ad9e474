import type { PackId } from '../../format/ids.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import type { PackContents } from '../../repository/pack-contents.ts'
import type { CallOptions } from '../../storage/storage.ts'
import { type Finding, findingOf } from './findings.ts'

/** Holds the packs of the storage against the index. Gives those that the index knows and that are there, with the sizes they have. */
export async function checkPackList(
  indexed: IndexedRepository,
  options: CallOptions & { readonly contents: PackContents; readonly onFinding: (finding: Finding) => void },
): Promise<Map<PackId, number>> {
  const { contents, onFinding, signal } = options
  const present = new Map<PackId, number>()
  for await (const { name, sizeBytes } of indexed.repository.list('data', { signal })) {
    const id = name as PackId
    if (indexed.packs.has(id)) present.set(id, sizeBytes)
    else onFinding(aboutPack('pack.orphaned', id, 'no index file names it'))
  }
  for (let number = 0; number < contents.packCount; number++) {
    const id = indexed.packs.idOf(number)
    const sizeBytes = present.get(id)
    const expectedBytes = contents.sizeOf(number, indexed.index)
    if (sizeBytes === undefined) onFinding(aboutPack('pack.missing', id, 'does not exist'))
    else if (sizeBytes !== expectedBytes) {
      onFinding(aboutPack('pack.size', id, `has ${sizeBytes} bytes where the index says ${expectedBytes}`))
    }
    if (!contents.isContiguous(number, indexed.index))
      onFinding(aboutPack('index.conflict', id, 'its blobs overlap or leave gaps in the index'))
    if (isMixed(indexed, contents.entriesOf(number))) onFinding(aboutPack('pack.mixed', id, 'holds both data and trees'))
  }
  return present
}

/** A finding about a pack. */
export function aboutPack(kind: Finding['kind'], id: PackId, state: string): Finding {
  return findingOf(kind, `Pack ${id.slice(0, 10)}: ${state}`, { file: { kind: 'data', name: id } })
}

function isMixed({ index }: IndexedRepository, entries: Uint32Array): boolean {
  const trees = entries.reduce((count, entry) => count + (index.typeAt(entry) === 'tree' ? 1 : 0), 0)
  return trees > 0 && trees < entries.length
}
