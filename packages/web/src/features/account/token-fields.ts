import type { Scope } from '@holdfast/protocol'

/** Scopes in the order that they are offered: from reading to everything. */
export const SCOPES: readonly Scope[] = ['read', 'backup', 'restore', 'manage', 'admin']

/** For how many days a token can be made; null is for ever. */
export const EXPIRY_DAYS: readonly (number | null)[] = [30, 90, 365, 1095, null]
