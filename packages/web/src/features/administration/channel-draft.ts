import type { ChangeChannel, Channel, NotificationEvent, SummarySchedule } from '@holdfast/protocol'

/** Where notifications go. */
export type ChannelKind = Channel['kind']
export const CHANNEL_KINDS: readonly ChannelKind[] = ['mail', 'webhook', 'ntfy', 'ping']

/** What a channel can be told of as it happens; summaries have their own schedule. */
export const CHANNEL_EVENTS: readonly Exclude<NotificationEvent, 'summary'>[] = [
  'run.failed',
  'run.recovered',
  'run.finished',
  'client.overdue',
  'client.new',
  'repository.low-space',
]

/** Port that mail servers listen on for each way of protection. */
export const MAIL_PORTS = { starttls: 587, tls: 465, none: 25 } as const
type MailSecurity = keyof typeof MAIL_PORTS

/** A channel as it is being edited: all fields of all kinds, so that changing the kind and back loses nothing. */
export interface ChannelDraft {
  readonly name: string
  readonly isEnabled: boolean
  readonly kind: ChannelKind
  readonly events: readonly NotificationEvent[]
  readonly every: SummarySchedule['every'] | 'never'
  readonly hour: number
  readonly timeZone: string
  readonly host: string
  readonly port: number | string
  readonly security: MailSecurity
  readonly username: string
  readonly from: string
  /** One address a line, or with commas. */
  readonly to: string
  readonly url: string
  /** Password, secret or token; empty keeps what there is. */
  readonly secret: string
}

/** A channel that is not there yet. */
export function newDraft(timeZone: string): ChannelDraft {
  return {
    ...{ name: '', isEnabled: true, kind: 'mail', events: ['run.failed', 'run.recovered', 'client.overdue', 'repository.low-space'] },
    ...{ every: 'never', hour: 7, timeZone },
    ...{ host: '', port: MAIL_PORTS.starttls, security: 'starttls', username: '', from: '', to: '', url: '', secret: '' },
  }
}

/** A channel that is there, without its secrets: nobody is told them again. */
export function draftOf(channel: Channel, timeZone: string): ChannelDraft {
  const { name, isEnabled, kind, events, summary, config } = channel
  const text = (key: string): string => (typeof config[key] === 'string' ? config[key] : '')
  const security = text('security')
  return {
    ...newDraft(timeZone),
    ...{ name, isEnabled, kind, events },
    ...(summary === null ? {} : summary),
    ...{ host: text('host'), username: text('username'), from: text('from'), url: text('url') },
    port: typeof config.port === 'number' ? config.port : MAIL_PORTS.starttls,
    security: security === 'tls' || security === 'none' ? security : 'starttls',
    to: Array.isArray(config.to) ? config.to.join('\n') : '',
  }
}

/** What keeps a draft from being sent, by field. */
export type DraftProblem = 'missing' | 'url' | 'address' | 'short' | 'port' | 'nothing-wanted'
export type DraftProblems = Partial<Readonly<Record<keyof ChannelDraft, DraftProblem>>>

const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/
const SECRET_MIN = 16
const PORT_MAX = 65_535

/** Looks at a draft before the server does; `isNew` when it has no secret yet. */
export function problemsOf(draft: ChannelDraft, isNew: boolean): DraftProblems {
  const { name, kind, events } = draft
  return {
    ...(name.trim() === '' ? { name: 'missing' } : {}),
    ...(wantedEvents(events).length === 0 && summaryOf(draft) === null ? { events: 'nothing-wanted' } : {}),
    ...(kind === 'mail' ? mailProblems(draft) : urlProblems(draft, isNew)),
  }
}

/** A draft as the server takes it. Names of fields there: `config.host`, `config.to.0`. */
export function requestOf(draft: ChannelDraft): ChangeChannel {
  const { name, isEnabled } = draft
  const summary = summaryOf(draft)
  const events: readonly NotificationEvent[] = summary === null ? wantedEvents(draft.events) : [...wantedEvents(draft.events), 'summary']
  return { name: name.trim(), isEnabled, events: [...events], summary, config: configOf(draft) }
}

/** To whom mail goes. */
export function addressesOf(to: string): readonly string[] {
  return to
    .split(/[\s,;]+/)
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

/** Nobody reads what a check service is called with. */
function summaryOf({ kind, every, hour, timeZone }: ChannelDraft): SummarySchedule | null {
  return every === 'never' || kind === 'ping' ? null : { every, hour, timeZone }
}

function wantedEvents(events: readonly NotificationEvent[]): readonly NotificationEvent[] {
  return CHANNEL_EVENTS.filter((event) => events.includes(event))
}

function mailProblems({ host, port, from, to }: ChannelDraft): DraftProblems {
  const addresses = addressesOf(to)
  const isPort = typeof port === 'number' && port >= 1 && port <= PORT_MAX
  return {
    ...(host.trim() === '' ? { host: 'missing' } : {}),
    ...(isPort ? {} : { port: 'port' }),
    ...(ADDRESS.test(from.trim()) ? {} : { from: 'address' }),
    ...(addresses.length === 0 || !addresses.every((one) => ADDRESS.test(one)) ? { to: 'address' } : {}),
  }
}

function urlProblems({ kind, url, secret }: ChannelDraft, isNew: boolean): DraftProblems {
  const isSecretShort = kind === 'webhook' && secret.length < SECRET_MIN && (isNew || secret !== '')
  return { ...(isWebUrl(url) ? {} : { url: 'url' }), ...(isSecretShort ? { secret: 'short' } : {}) }
}

function isWebUrl(text: string): boolean {
  return /^https?:\/\/\S/.test(text.trim()) && URL.canParse(text.trim())
}

function configOf(draft: ChannelDraft): ChangeChannel['config'] {
  const { kind, host, port, security, username, secret } = draft
  const url = draft.url.trim()
  switch (kind) {
    case 'mail': {
      const login = username.trim() === '' ? {} : { username: username.trim(), ...(secret === '' ? {} : { password: secret }) }
      return { kind, host: host.trim(), port: Number(port), security, from: draft.from.trim(), to: [...addressesOf(draft.to)], ...login }
    }
    case 'webhook':
      return { kind, url, ...(secret === '' ? {} : { secret }) }
    case 'ntfy':
      return { kind, url, ...(secret === '' ? {} : { token: secret }) }
    case 'ping':
      return { kind, url }
  }
}
