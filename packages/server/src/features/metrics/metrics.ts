import type { Clock } from '@holdfast/engine'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { MetricsStore } from './store.ts'

/** Of requests, in seconds: from a look into memory to a long upload. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600]

export interface MetricsOptions {
  readonly store: MetricsStore
  readonly clock: Clock
}

/** Figures for Prometheus. What they say of clients, runs and repositories is read when it is asked for. */
export class Metrics {
  readonly #options: MetricsOptions
  readonly #process = new Registry()
  readonly #requests: Histogram<'method' | 'route' | 'status'>

  constructor(options: MetricsOptions) {
    this.#options = options
    collectDefaultMetrics({ register: this.#process, prefix: 'holdfast_' })
    this.#requests = new Histogram({
      name: 'holdfast_http_request_duration_seconds',
      help: 'How long requests took, by the pattern of their route',
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS,
      registers: [this.#process],
    })
  }

  /** Counts a request that was answered. */
  countRequest({ method, route, status, seconds }: { method: string; route: string; status: number; seconds: number }): void {
    this.#requests.observe({ method, route, status: String(status) }, seconds)
  }

  /** All figures in Prometheus's text form; those of clients limited to one owner's, and those of the server left out then. */
  async text(ownerId: number | undefined): Promise<string> {
    const registry = new Registry()
    await this.#describeClients(registry, ownerId)
    await this.#describeRuns(registry, ownerId)
    if (ownerId !== undefined) return registry.metrics()
    await this.#describeRepositories(registry)
    return `${await registry.metrics()}\n${await this.#process.metrics()}`
  }

  async #describeClients(registry: Registry, ownerId: number | undefined): Promise<void> {
    const { store, clock } = this.#options
    const clients = await store.clients(ownerId)
    const names = new Map(clients.map(({ id, name }) => [id, name]))
    const ping = gauge(registry, 'client_last_ping_timestamp_seconds', {
      help: 'When the agent was last heard of',
      labels: ['client', 'id'],
    })
    const success = gauge(registry, 'client_last_success_timestamp_seconds', {
      help: 'When the last backup ended well',
      labels: ['client', 'id'],
    })
    const age = gauge(registry, 'client_last_success_age_seconds', { help: 'How old the last good backup is', labels: ['client', 'id'] })
    for (const { id, name, lastPingAt, lastSuccessAt } of clients) {
      const labels = { client: name, id: String(id) }
      if (lastPingAt !== null) ping.set(labels, lastPingAt / 1000)
      if (lastSuccessAt === null) continue
      success.set(labels, lastSuccessAt / 1000)
      age.set(labels, (clock.now() - lastSuccessAt) / 1000)
    }
    const duration = gauge(registry, 'client_last_backup_duration_seconds', {
      help: 'How long the last good backup took',
      labels: ['client', 'id'],
    })
    const read = gauge(registry, 'client_last_backup_bytes', { help: 'What the last good backup held', labels: ['client', 'id'] })
    const stored = gauge(registry, 'client_last_backup_added_bytes', { help: 'What the last good backup added', labels: ['client', 'id'] })
    for (const { clientId, durationMs, statistics } of await store.lastBackups(ownerId)) {
      const labels = { client: names.get(clientId) ?? '', id: String(clientId) }
      const figures = numbersOf(statistics)
      duration.set(labels, durationMs / 1000)
      read.set(labels, figures.totalBytes ?? 0)
      stored.set(labels, figures.addedBytes ?? 0)
    }
  }

  async #describeRuns(registry: Registry, ownerId: number | undefined): Promise<void> {
    const runs = gauge(registry, 'runs', { help: 'Runs by kind and state; pending ones are the queue', labels: ['kind', 'state'] })
    for (const { kind, state, count } of await this.#options.store.countRuns(ownerId)) runs.set({ kind, state }, count)
  }

  async #describeRepositories(registry: Registry): Promise<void> {
    const figures = gauge(registry, 'repository', {
      help: 'Figures of repositories when they were last counted',
      labels: ['repository', 'figure'],
    })
    for (const { name, statistics } of await this.#options.store.repositories()) {
      for (const [figure, value] of Object.entries(numbersOf(statistics))) figures.set({ repository: name, figure }, value)
    }
  }
}

function gauge<Label extends string>(
  registry: Registry,
  name: string,
  { help, labels }: { readonly help: string; readonly labels: readonly Label[] },
): Gauge<Label> {
  return new Gauge({ name: `holdfast_${name}`, help, labelNames: [...labels], registers: [registry] })
}

function numbersOf(json: string | null): Readonly<Record<string, number>> {
  const values = json === null ? {} : (JSON.parse(json) as Readonly<Record<string, unknown>>)
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, number] => typeof entry[1] === 'number'))
}
