import type { PackId } from '../format/ids.ts'

/** Gives each pack a small number, which is what the blob index keeps instead of 32 bytes of name. */
export class PackTable {
  readonly #ids: PackId[] = []
  readonly #numbers = new Map<PackId, number>()

  get size(): number {
    return this.#ids.length
  }

  /** The number of a pack, given on first sight. */
  numberOf(id: PackId): number {
    const known = this.#numbers.get(id)
    if (known !== undefined) return known
    const number = this.#ids.length
    this.#ids.push(id)
    this.#numbers.set(id, number)
    return number
  }

  has(id: PackId): boolean {
    return this.#numbers.has(id)
  }

  /** The pack that has a number which this table gave. */
  idOf(number: number): PackId {
    const id = this.#ids[number]
    if (id === undefined) throw new RangeError(`no pack has number ${number}`)
    return id
  }

  ids(): readonly PackId[] {
    return this.#ids
  }
}
