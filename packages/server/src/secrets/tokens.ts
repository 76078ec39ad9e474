import { createHash } from 'node:crypto'
import { secureRandom } from '@holdfast/engine'

const TOKEN_BYTES = 32

/** What a token is for, so that one that is found lying about says what it opens. */
export type TokenKind = 'session' | 'api' | 'agent' | 'enrol' | 'restic'

const PREFIXES: Readonly<Record<TokenKind, string>> = { session: 'hfs_', api: 'hfu_', agent: 'hfa_', enrol: 'hfe_', restic: 'hfr_' }

/** A token that nobody can guess, and the hash that is kept of it. */
export interface NewToken {
  readonly token: string
  readonly hash: string
}

/** Draws a token that nobody had before. */
export function newToken(kind: TokenKind): NewToken {
  const token = PREFIXES[kind] + secureRandom(TOKEN_BYTES).toString('base64url')
  return { token, hash: hashToken(token) }
}

/** SHA-256 in hex: enough for tokens, which have 256 random bits. Passwords need more (`password-hash.ts`). */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** What kind of token a text is by its prefix, or undefined. */
export function kindOfToken(token: string): TokenKind | undefined {
  return (Object.keys(PREFIXES) as TokenKind[]).find((kind) => token.startsWith(PREFIXES[kind]))
}
