import type { Role, Scope } from '@holdfast/protocol'

/**
 * Who may call a route. Every route declares it in `config.access`; a route without it keeps the server from starting, and the test of
 * the rights table tries each of them with every role.
 */
export type Access =
  /** Anybody. */
  | { readonly kind: 'public' }
  /** People with at least this role; with an API token, only if that has the scope. */
  | { readonly kind: 'user'; readonly role: Role; readonly scope: Scope }
  /** Agents, with their own token. */
  | { readonly kind: 'agent' }
  /** The handler looks at credentials of another form itself. `how` says which, for the documentation of the API. */
  | { readonly kind: 'own'; readonly how: string }

export const PUBLIC: Access = { kind: 'public' }
export const AGENT: Access = { kind: 'agent' }

/** Everybody who is signed in may look. */
export const READ: Access = { kind: 'user', role: 'viewer', scope: 'read' }
/** Operators may back up what they own. */
export const BACKUP: Access = { kind: 'user', role: 'operator', scope: 'backup' }
/** Operators may restore and download what they own. */
export const RESTORE: Access = { kind: 'user', role: 'operator', scope: 'restore' }
/** Operators may change what they own. */
export const MANAGE: Access = { kind: 'user', role: 'operator', scope: 'manage' }
/** Administrators only. */
export const ADMIN: Access = { kind: 'user', role: 'admin', scope: 'admin' }
/** Users change their own account, whatever their role; never by an API token of a smaller scope. */
export const OWN_ACCOUNT: Access = { kind: 'user', role: 'viewer', scope: 'admin' }

const RANKS: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 }

/** Whether `role` may do at least what `needed` may. */
export function hasRole(role: Role, needed: Role): boolean {
  return RANKS[role] >= RANKS[needed]
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
  }
}
