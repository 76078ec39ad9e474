import type { Run } from '@holdfast/protocol'

/** Where somebody goes to do what the advice says; `commands` are those of the client, which go around each backup of any plan. */
export type AdvicePlace = 'client' | 'plan' | 'commands' | 'repository' | 'log'

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
  'policy.forbidden': ['plan', 'commands'],
  'link.unreachable': 'client',
  'link.unauthorised': 'client',
  'link.refused': 'log',
  'link.disabled': 'client',
  'link.outdated': 'client',
  'page.failed': 'client',
  'run.command': ['log', 'plan', 'commands'],
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
} as const satisfies Readonly<Record<string, AdvicePlace | readonly AdvicePlace[]>>

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

/** A way to a place of a run; without an address it is on the page of the run. */
export interface AdviceWay {
  readonly place: AdvicePlace
  readonly to?: string
  readonly search?: Readonly<Record<string, string>>
}

/** The ways to where the cause is mended of what a run ended with. What was removed since has none; there is always the log. */
export function adviceWays({ kind, clientId, planId, repositoryId }: AdvisedRun, code: string): readonly AdviceWay[] {
  const named: AdvicePlace | readonly AdvicePlace[] = isAdvised(code) ? ADVICE_PLACES[code] : 'log'
  const places = typeof named === 'string' ? [named] : named
  const client: AdviceWay | undefined = clientId === null ? undefined : { place: 'client', to: `/clients/${clientId}` }
  const all: Readonly<Record<AdvicePlace, AdviceWay | undefined>> = {
    client,
    plan: planId === null ? undefined : { place: 'plan', to: `/plans/${planId}` },
    // Other runs have no commands: what their machine refuses stands on the client's page.
    commands: kind === 'backup' && client !== undefined ? { ...client, place: 'commands', search: { tab: 'commands' } } : client,
    repository: repositoryId === null ? undefined : { place: 'repository', to: `/repositories/${repositoryId}` },
    log: { place: 'log' },
  }
  const ways = places.map((place) => all[place]).filter((way) => way !== undefined)
  return ways.length === 0 ? [{ place: 'log' }] : ways
}

type AdvisedRun = Pick<Run, 'kind' | 'clientId' | 'planId' | 'repositoryId'>
