import type { AttentionItem } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { attentionMessages } from './attention-messages.ts'
import { attentionWords } from './attention-words.ts'

const ITEM: AttentionItem = {
  ...{ kind: 'plan-failed', severity: 'critical', since: '2026-11-21T11:44:00Z' },
  ...{ clientId: 1, clientName: 'desk', planId: 2, planName: 'Daily', repositoryId: null, repositoryName: null },
  ...{ runId: 9, error: { code: 'storage.full', message: 'No room' }, figure: null },
}

test('the time of a plan that failed again and again is said to be that of the first failure', () => {
  expect(attentionWords(ITEM, attentionMessages.en).sinceLabel).toBe('First failed')
  expect(attentionWords(ITEM, attentionMessages.ja).sinceLabel).not.toBe('')
  expect(attentionWords({ ...ITEM, kind: 'agent-silent' }, attentionMessages.en).sinceLabel).toBe('')
})

test('a plan whose last backup could not read everything is told with how much, and leads to that run', () => {
  const { title, link } = attentionWords({ ...ITEM, kind: 'plan-incomplete', error: null, figure: 3 }, attentionMessages.en)
  expect([title, link.to]).toEqual(['“Daily” on desk could not back up everything: 3 problems', '/runs/9'])
})
