interface Bucket {
  readonly endMs: number
  bytes: number
}

const BUCKET_MS = 1000
/** History is kept for so long, but at least so many buckets and bytes: slow links come in bursts. restic's figures. */
const WINDOW_MS = 2 * 60_000
const BUCKETS_MIN = 20
const BYTES_MIN = 100_000_000

/** Estimates how many bytes a second are done from what was done of late. Times in milliseconds, never going back. */
export class RateEstimator {
  readonly #buckets: Bucket[] = []
  #startMs: number
  #bytes = 0

  constructor(startMs: number) {
    this.#startMs = startMs
  }

  record(nowMs: number, bytes: number): void {
    if (bytes === 0) return
    const last = this.#buckets.at(-1)
    if (last !== undefined && last.endMs > nowMs) last.bytes += bytes
    else this.#buckets.push({ endMs: nowMs + BUCKET_MS, bytes })
    this.#bytes += bytes
    this.#trim(nowMs)
  }

  bytesPerSecond(nowMs: number): number {
    this.#trim(nowMs)
    return nowMs <= this.#startMs ? 0 : this.#bytes / ((nowMs - this.#startMs) / 1000)
  }

  #trim(nowMs: number): void {
    for (let first = this.#buckets[0]; first !== undefined && this.#buckets.length > BUCKETS_MIN; first = this.#buckets[0]) {
      if (first.endMs > nowMs - WINDOW_MS || this.#bytes - first.bytes < BYTES_MIN) return
      this.#startMs = first.endMs
      this.#bytes -= first.bytes
      this.#buckets.shift()
    }
  }
}
