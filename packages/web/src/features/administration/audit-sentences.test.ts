import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { AuditEntry } from '@holdfast/protocol'
import { describe, expect, it } from 'vitest'
import { auditActions } from './audit-actions.ts'
import { AuditFact } from './audit-fact.ts'
import { sentenceOf } from './audit-sentence-of.ts'
import { auditSentences } from './audit-sentences.ts'
import { ENGLISH_WORDS, JAPANESE_WORDS } from './audit-words.ts'

const SERVER = fileURLToPath(new URL('../../../../server/src/', import.meta.url))
/** Both ways in which the server names what it writes down. */
const NAMED = /\baction: ([^,}\n]*)|\bnote\(('[^']*')\)/g

/** Every action that the source of the server names where it records something. */
function actionsOfServer(): readonly string[] {
  const files = readdirSync(SERVER, { recursive: true, encoding: 'utf8' }).filter((name) => /(?<!\.test)\.ts$/.test(name))
  const named = files.flatMap((name) => [...readFileSync(`${SERVER}${name}`, 'utf8').matchAll(NAMED)])
  const actions = named.flatMap(([, expression, noted]) => (expression ?? noted ?? '').match(/'[a-z-]+\.[a-z-]+'/g) ?? [])
  return [...new Set(actions.map((action) => action.slice(1, -1)))].toSorted()
}

function entryOf(changes: Partial<AuditEntry>): AuditEntry {
  const none = { id: 1, at: '2026-01-01T00:00:00.000Z', userId: null, actor: 'server', subject: 'server', detail: {}, address: '' }
  return { ...none, action: '', ...changes }
}

const NAMES = new Map([[2, 'ann']])
const english = (changes: Partial<AuditEntry>): string => sentenceOf(entryOf(changes), NAMES, 'en')
const japanese = (changes: Partial<AuditEntry>): string => sentenceOf(entryOf(changes), NAMES, 'ja')

describe('sentences of the audit log', () => {
  it('are there for every action that the server writes, and for no other', () => {
    const actions = actionsOfServer()
    expect(actions.length).toBeGreaterThan(45)
    expect(Object.keys(auditSentences.en).toSorted()).toEqual(actions)
    expect(Object.keys(auditSentences.ja).toSorted()).toEqual(actions)
  })

  it('hold no hole, whatever is missing in an entry', () => {
    for (const action of Object.keys(auditSentences.en)) {
      for (const sentence of [english({ action, actor: 'nobody' }), japanese({ action, actor: 'nobody' })]) {
        expect(sentence.length).toBeGreaterThan(8)
        expect(sentence).not.toMatch(/undefined|null|\[object|NaN/)
      }
    }
  })

  it('say who did what to what', () => {
    const mail = { action: 'client.created', actor: 'user ann', userId: 2, subject: 'client 3', detail: { name: 'mail' } }
    expect(english(mail)).toBe('ann added client mail')
    expect(japanese(mail)).toBe('ann がクライアント「mail」を追加しました')
    expect(english({ ...mail, action: 'client.changed', detail: { changed: ['ownerId', 'settings'] } })).toBe(
      'ann changed client 3: owner, settings',
    )
    expect(english({ action: 'repository.checked', subject: 'repository 1', detail: { error: 'Cannot read: gone' } })).toBe(
      'Repository 1 was checked, but failed: Cannot read: gone',
    )
  })

  it('tell what people do to themselves from what is done to them', () => {
    const own = { action: 'session.all-ended', actor: 'user ann', userId: 2, subject: 'user 2' }
    expect(english(own)).toBe('ann ended all their other sessions')
    expect(english({ ...own, actor: 'user root', userId: 1 })).toBe('root signed user ann out everywhere')
    expect(english({ ...own, actor: 'user root', userId: 1, subject: 'user 7' })).toBe('root signed user 7 out everywhere')
    const changed = { ...own, action: 'user.changed', actor: 'user root', userId: 1 }
    expect(english({ ...changed, detail: { username: 'ann', changed: ['role'], role: 'viewer' } })).toBe(
      'root changed user ann: role → viewer',
    )
    expect(japanese({ ...changed, detail: { username: 'ann', changed: ['isDisabled'], isDisabled: true } })).toBe(
      'root がユーザー「ann」を変更しました（無効）',
    )
  })

  it('name whom strangers wanted to be, and nobody else', () => {
    expect(english({ action: 'sign-in.failed', actor: 'nobody (ann)', subject: 'user 2' })).toBe('Somebody failed to sign in as ann')
    expect(english({ action: 'sign-in.failed', actor: 'nobody', subject: 'user' })).toBe(
      'Somebody failed to sign in with a name that nobody has',
    )
    expect(new AuditFact(entryOf({ actor: 'user nobody (x)' }), { who: '', what: '' }).claimed).toBe('')
  })

  it('are made even for actions of a newer server', () => {
    expect(english({ action: 'mirror.created', actor: 'user ann', subject: 'mirror 1' })).toBe('ann: mirror.created (mirror 1)')
    expect(english({ action: 'constructor', actor: 'user ann' })).toBe('ann: constructor (server)')
  })

  it('are of actions that have a name where one is chosen, each its own', () => {
    for (const names of [auditActions.en, auditActions.ja]) {
      expect(Object.keys(names)).toEqual(Object.keys(auditSentences.en))
      expect(new Set(Object.values(names)).size).toBe(Object.keys(names).length)
      expect(Object.values(names).join('\n')).not.toMatch(/[a-z]\.[a-z]/)
    }
  })

  it('have the same words in both languages', () => {
    expect(Object.keys(JAPANESE_WORDS)).toEqual(Object.keys(ENGLISH_WORDS))
  })
})
