import { type Clock, messageOf } from '@holdfast/engine'
import type { ChannelConfig, SummarySchedule } from '@holdfast/protocol'
import type { FastifyBaseLogger } from 'fastify'
import { nextSummaryAt } from './channel-list.ts'
import { sendMessage } from './channels/send.ts'
import type { Message } from './message.ts'
import type { Delivery, NewDelivery, NotificationStore, StoredChannel } from './store.ts'
import { summaryMessage } from './summary.ts'

const LOOK_EVERY_MS = 5000
/** Longer than any channel takes to give up. */
const ATTEMPT_MS = 120_000
const FIRST_RETRY_MS = 30_000
const LAST_RETRY_MS = 3_600_000
/** With doubling pauses: the last attempt is about six hours after the first. */
const ATTEMPTS_MAX = 12
/** Of those that wait for a channel that cannot be reached, older ones are given up: nobody wants to hear of them any more. */
const AGE_MAX_MS = 24 * 3_600_000
const TAKEN_AT_ONCE = 20

export interface NotifierOptions {
  readonly store: NotificationStore
  readonly clock: Clock
  readonly publicUrl: string
  /** Gives the configuration of a channel with its secrets. */
  configOf(channel: StoredChannel): ChannelConfig
  readonly logger?: Pick<FastifyBaseLogger, 'warn'>
}

/** Tells channels of what happens. Messages are kept until they are delivered; failing to tell never fails what is told of. */
export class Notifier {
  readonly #options: NotifierOptions
  readonly #stopping = new AbortController()
  #stopLooking: (() => void) | undefined
  #work: Promise<void> = Promise.resolve()
  #isWorking = false

  constructor(options: NotifierOptions) {
    this.#options = options
  }

  /** Begins to deliver, here and now and every few seconds. */
  start(): void {
    this.#stopLooking = this.#options.clock.every(LOOK_EVERY_MS, () => this.#wake())
    this.#wake()
  }

  async stop(): Promise<void> {
    this.#stopLooking?.()
    this.#stopping.abort(new Error('the server is stopping'))
    await this.#work
  }

  /** Queues a message for the administrators' channels and those of `ownerId` that want to hear of it. Never rejects. */
  async tell(message: Message, ownerId: number | null): Promise<void> {
    await this.#safely('queue a notification', async () => {
      await this.#options.store.enqueue(await this.#deliveries(message, ownerId))
    })
    this.#wake()
  }

  /** Tells of something bad once, until {@link recover} is called for the same name. */
  async raise(name: string, message: Message, ownerId: number | null): Promise<void> {
    await this.#safely('note an alarm', async () => {
      const { store } = this.#options
      if (!(await store.isRaised(name))) await store.raise(name, message.at, await this.#deliveries(message, ownerId))
    })
    this.#wake()
  }

  /** Tells that something bad is over, if it was told of. */
  async recover(name: string, message: Message, ownerId: number | null): Promise<void> {
    await this.#safely('end an alarm', async () => {
      const { store } = this.#options
      if (await store.isRaised(name)) await store.clear(name, await this.#deliveries(message, ownerId))
    })
    this.#wake()
  }

  /** Sends a test message at once. Rejects with what went wrong. */
  async test(channel: StoredChannel): Promise<void> {
    const at = this.#options.clock.now()
    const message: Message = {
      event: 'test',
      title: `Test of the channel “${channel.name}”`,
      body: 'If you can read this, notifications of Holdfast reach you here.',
      at,
      link: null,
      isGood: true,
      facts: {},
    }
    await this.#send(channel, message)
  }

  /** Delivers what is due, until nothing is. */
  async deliver(): Promise<void> {
    await this.#summarise()
    const { store, clock } = this.#options
    for (;;) {
      const now = clock.now()
      const due = await store.takeDue({ now, until: now + ATTEMPT_MS, limit: TAKEN_AT_ONCE })
      await Promise.all(due.map((delivery) => this.#attempt(delivery)))
      if (due.length < TAKEN_AT_ONCE || this.#stopping.signal.aborted) return
    }
  }

  #wake(): void {
    if (this.#stopLooking === undefined || this.#isWorking || this.#stopping.signal.aborted) return
    this.#isWorking = true
    this.#work = this.#safely('deliver notifications', () => this.deliver()).finally(() => {
      this.#isWorking = false
    })
  }

  async #attempt({ id, channel_id, message, attempts, created_at }: Delivery): Promise<void> {
    const { store, clock, logger } = this.#options
    // What waits for a channel that was switched off meanwhile, or for somebody who may hear nothing any more, is not sent.
    const channel = await store.findOpen(channel_id)
    if (channel === undefined) return store.settle(id)
    try {
      await this.#send(channel, JSON.parse(message) as Message)
      await store.settle(id)
    } catch (error) {
      logger?.warn({ channel: channel.id, attempts, reason: messageOf(error) }, 'a notification was not delivered')
      await store.change(channel.id, { last_error: messageOf(error).slice(0, 1000) })
      const now = clock.now()
      // Whoever cannot be reached keeps nobody waiting who can.
      await store.holdBack(channel.id, { now, until: now + FIRST_RETRY_MS })
      if (attempts >= ATTEMPTS_MAX || now - created_at > AGE_MAX_MS) return store.settle(id)
      await store.postpone(id, now + Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), LAST_RETRY_MS))
    }
  }

  async #send(channel: StoredChannel, message: Message): Promise<void> {
    const { store, clock, publicUrl, configOf } = this.#options
    await sendMessage(configOf(channel), message, { signal: this.#stopping.signal, now: clock.now(), publicUrl })
    await store.change(channel.id, { last_sent_at: clock.now(), last_error: null })
  }

  async #summarise(): Promise<void> {
    const { store, clock } = this.#options
    const now = clock.now()
    // One that fails keeps neither the others nor what else is to be delivered.
    for (const channel of await store.dueSummaries(now)) await this.#safely('sum up', () => this.#sumUp(channel, now))
  }

  async #sumUp(channel: StoredChannel, now: number): Promise<void> {
    const { store } = this.#options
    const { next_summary_at: due, summary } = channel
    if (due === null || summary === null) return
    const schedule = JSON.parse(summary) as SummarySchedule
    const owner = (await store.roleOf(channel.owner_id)) === 'admin' ? undefined : channel.owner_id
    const message = await summaryMessage(store, { owner, every: schedule.every, now })
    await store.sumUp(channel.id, { due, next: nextSummaryAt(schedule, now), deliveries: this.#deliveriesTo([channel], message) })
  }

  async #deliveries(message: Message, ownerId: number | null): Promise<NewDelivery[]> {
    const audience = await this.#options.store.audience(ownerId)
    return this.#deliveriesTo(
      audience.filter((channel) => wants(channel, message)),
      message,
    )
  }

  #deliveriesTo(channels: readonly StoredChannel[], message: Message): NewDelivery[] {
    const now = this.#options.clock.now()
    const text = JSON.stringify(message)
    return channels.map(({ id }) => ({ channel_id: id, message: text, attempts: 0, next_attempt_at: now, created_at: now }))
  }

  async #safely(action: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#options.logger?.warn({ reason: messageOf(error) }, `cannot ${action}`)
    }
  }
}

/** Check services want to hear of every end of a run, whichever way it went: their own clock waits for it. */
function wants({ events, kind }: StoredChannel, { event }: Message): boolean {
  const wanted = JSON.parse(events) as readonly string[]
  return wanted.includes(event) || (kind === 'ping' && event === 'run.finished' && wanted.includes('run.failed'))
}
