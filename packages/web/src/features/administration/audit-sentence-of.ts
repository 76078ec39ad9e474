import type { AuditEntry } from '@holdfast/protocol'
import { type Language, useLanguage } from '../../app/language.tsx'
import { AuditFact, actorOf, subjectOf } from './audit-fact.ts'
import { auditMessages } from './audit-messages.ts'
import { auditSentences, type KnownAction } from './audit-sentences.ts'

/** Names of users by their ids, as far as they are known. */
export type UserNames = ReadonlyMap<number, string>

/** Puts an entry of the audit log into one sentence. */
export function sentenceOf(entry: AuditEntry, names: UserNames, language: Language): string {
  const words = { who: whoOf(entry, language), what: whatOf(entry, names, language) }
  const sentences = auditSentences[language]
  const sentence = Object.hasOwn(sentences, entry.action) ? sentences[entry.action as KnownAction] : undefined
  if (sentence === undefined) return auditMessages[language].unknown(words.who, entry.action, words.what)
  return capitalized(sentence(new AuditFact(entry, words)))
}

/** Puts entries into sentences of the language of the pages. */
export function useSentence(names: UserNames): (entry: AuditEntry) => string {
  const { language } = useLanguage()
  return (entry) => sentenceOf(entry, names, language)
}

function whoOf({ actor }: AuditEntry, language: Language): string {
  const text = auditMessages[language]
  const who = actorOf(actor)
  switch (who.kind) {
    case 'server':
      return text.theServer
    case 'user':
      return who.name
    case 'client':
      return text.machine(who.name)
    case 'nobody':
      return who.claimed === '' ? text.somebody : who.claimed
  }
}

function whatOf({ subject, detail }: AuditEntry, names: UserNames, language: Language): string {
  const text = auditMessages[language]
  const { noun, id } = subjectOf(subject)
  const nouns: Readonly<Record<string, string>> = {
    ...{ client: text.client, plan: text.plan, run: text.run, snapshot: text.snapshot },
    ...{ repository: text.repository, user: text.user, channel: text.channel, 'api-token': text.token },
  }
  const word = nouns[noun] ?? noun
  const known = noun === 'user' && id !== undefined ? names.get(id) : undefined
  const name = detail.name ?? detail.username ?? known
  if (typeof name === 'string' && name !== '') return text.withName(word, name)
  return id === undefined ? word : text.withId(word, id)
}

function capitalized(sentence: string): string {
  // Names keep their first letter; words of ours begin the sentence.
  return /^(client|plan|run|snapshot|repository|user|channel) /.test(sentence)
    ? sentence.charAt(0).toUpperCase() + sentence.slice(1)
    : sentence
}
