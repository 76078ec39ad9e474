/** Where somebody goes to do what the advice says. */
export type AdvicePlace = 'client' | 'plan' | 'repository' | 'log'

/** Every code that a run may end with, and where its cause is mended. Tests hold it against the tables of errors of all packages. */
export const ADVICE_PLACES = {
  'storage.not-found': 'repository',
  'storage.range': 'repository',
  'storage.denied': 'repository',
  'storage.read-only': 'repository',
  'storage.append-only': 'repository',
  'storage.full': 'repository',
  'storage.unavailable': 'repository',
  'storage.failed': 'log',
  'storage.location': 'repository',
  'storage.host-key': 'repository',
  'storage.closed': 'log',
  'storage.contract': 'repository',
  'repository.missing': 'repository',
  'repository.exists': 'repository',
  'repository.password': 'repository',
  'repository.locked': 'repository',
  'repository.lock-lost': 'repository',
  'repository.version': 'repository',
  'repository.too-large': 'repository',
  'repository.damaged': 'repository',
  'data.damaged': 'repository',
  'data.malformed': 'repository',
  'data.missing': 'repository',
  'snapshot.not-found': 'client',
  'snapshot.ambiguous': 'client',
  'path.not-found': 'client',
  'source.unreadable': 'log',
  'source.missing': 'plan',
  'source.command': 'log',
  'target.unsafe': 'log',
  'target.failed': 'log',
  'input.invalid': 'plan',
  'operation.cancelled': 'log',
  'request.invalid': 'client',
  'request.too-large': 'client',
  'request.too-many': 'client',
  'request.conflict': 'log',
  'request.foreign-origin': 'client',
  'auth.required': 'client',
  'auth.failed': 'client',
  'auth.second-factor': 'client',
  'auth.locked': 'client',
  'auth.forbidden': 'client',
  'not-found': 'client',
  'quota.exceeded': 'client',
  'server.unavailable': 'log',
  'client.disabled': 'client',
  'client.not-connected': 'client',
  'client.refused': 'client',
  'client.failed': 'log',
  'settings.invalid': 'client',
  'settings.missing': 'client',
  'secrets.sealed': 'repository',
  'database.schema': 'log',
  'state.locked': 'client',
  'state.invalid': 'client',
  'policy.invalid': 'client',
  'policy.forbidden': 'plan',
  'link.unreachable': 'client',
  'link.unauthorised': 'client',
  'link.refused': 'log',
  'link.disabled': 'client',
  'link.outdated': 'client',
  'page.failed': 'client',
  'run.command': 'log',
  'run.timeout': 'plan',
  'run.over-quota': 'client',
  'run.interrupted': 'client',
  'run.lost': 'client',
  'run.incomplete': 'log',
  'run.unsupported': 'client',
  'run.cancelled': 'log',
  'run.failed': 'log',
  'run.impossible': 'plan',
  'run.missed': 'client',
  internal: 'log',
} as const satisfies Readonly<Record<string, AdvicePlace>>

/** A code that there is advice for. */
export type AdvisedCode = keyof typeof ADVICE_PLACES

/** What happened, and what to do about it, in whole sentences. */
export interface Advice {
  readonly happened: string
  readonly remedy: string
}

/** Advice for every code, and for those that nobody knows. */
export type AdviceTable = Readonly<Record<AdvisedCode, Advice>> & { readonly unknown: Advice }

/** Whether there is advice for this very code. */
export function isAdvised(code: string): code is AdvisedCode {
  return Object.hasOwn(ADVICE_PLACES, code)
}
