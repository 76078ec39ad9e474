import type { AuditEntry } from '@holdfast/protocol'

/** Who did something, as the server writes it down. */
export type AuditActor =
  | { readonly kind: 'server' }
  | { readonly kind: 'user'; readonly name: string }
  | { readonly kind: 'client'; readonly id: number; readonly name: string }
  /** Nobody who was signed in; `claimed` is the user that somebody wanted to be, empty when nobody is called so. */
  | { readonly kind: 'nobody'; readonly claimed: string }

/** What something was done to: `client 3`. */
export interface AuditSubject {
  readonly noun: string
  readonly id: number | undefined
}

/** Reads the words for who did something. */
export function actorOf(actor: string): AuditActor {
  if (actor.startsWith('user ')) return { kind: 'user', name: actor.slice('user '.length) }
  const client = /^client (\d+) \((.*)\)$/s.exec(actor)
  if (client !== null) return { kind: 'client', id: Number(client[1]), name: client[2] ?? '' }
  const nobody = /^nobody(?: \((.*)\))?$/s.exec(actor)
  if (nobody !== null) return { kind: 'nobody', claimed: nobody[1] ?? '' }
  return { kind: 'server' }
}

/** Reads the words for what something was done to. */
export function subjectOf(subject: string): AuditSubject {
  const [, noun = subject, id] = /^(.*?)(?: (\d+))?$/s.exec(subject) ?? []
  return { noun, id: id === undefined ? undefined : Number(id) }
}

/** The page about what something was done to, if there is one. */
export function pathOf({ noun, id }: AuditSubject): string | undefined {
  if (id === undefined) return undefined
  switch (noun) {
    case 'client':
      return `/clients/${id}`
    case 'plan':
      return `/plans/${id}`
    case 'run':
      return `/runs/${id}`
    case 'snapshot':
      return `/snapshots/${id}`
    case 'repository':
      return `/repositories/${id}`
    default:
      return undefined
  }
}

/** What sentences about an entry are made of. */
export class AuditFact {
  /** Who, in the language of the sentence. */
  readonly who: string
  /** What it was done to, in the language of the sentence, with its name if that is known. */
  readonly what: string
  /** For attempts to sign in: as whom. */
  readonly claimed: string
  /** Whether users did it to themselves. */
  readonly isOwn: boolean
  readonly #detail: AuditEntry['detail']

  constructor(entry: AuditEntry, words: { readonly who: string; readonly what: string }) {
    const actor = actorOf(entry.actor)
    const subject = subjectOf(entry.subject)
    this.who = words.who
    this.what = words.what
    this.claimed = actor.kind === 'nobody' ? actor.claimed : ''
    this.isOwn = actor.kind === 'user' && subject.noun === 'user' && subject.id === entry.userId
    this.#detail = entry.detail
  }

  /** A fact as text; empty when there is none. */
  text(name: string): string {
    const value = this.#detail[name]
    return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  }

  count(name: string): number {
    const value = this.#detail[name]
    return typeof value === 'number' ? value : 0
  }

  list(name: string): readonly string[] {
    const value = this.#detail[name]
    return Array.isArray(value) ? value.map(String) : []
  }

  is(name: string, value: boolean): boolean {
    return this.#detail[name] === value
  }
}
