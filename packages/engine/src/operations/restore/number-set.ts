const WORD_BITS = 32

/** A set of small whole numbers that takes one bit for each up to the largest. */
export class NumberSet {
  #words = new Uint32Array(1024)

  add(number: number): void {
    const word = Math.floor(number / WORD_BITS)
    if (word >= this.#words.length) {
      const larger = new Uint32Array(Math.max(word + 1, this.#words.length * 2))
      larger.set(this.#words)
      this.#words = larger
    }
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (number % WORD_BITS))
  }

  has(number: number): boolean {
    return ((this.#words[Math.floor(number / WORD_BITS)] ?? 0) & (1 << (number % WORD_BITS))) !== 0
  }
}
