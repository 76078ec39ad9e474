import { describe, expect, it } from 'vitest'
import { draftProblems } from './draft-problems.ts'
import { newDraft } from './plan-draft.ts'

const TEXT = { needsName: 'name', needsFolders: 'folders', needsCommand: 'command' }

describe('what a plan cannot be saved without', () => {
  it('is a name, something to back up, and a line in each command', () => {
    const draft = newDraft({ name: ' ', timeZone: 'UTC' })
    const commands = ['true', ' '].map((line) => ({ line, timeoutSeconds: 1 }))
    expect(draftProblems({ ...draft, hooks: { pre: [], post: commands, onFailure: [] } }, TEXT)).toEqual({
      name: 'name',
      'selection.paths': 'folders',
      'hooks.post.1.line': 'command',
    })
    expect(draftProblems({ ...draft, name: 'all', selection: { ...draft.selection, paths: ['/'] } }, TEXT)).toEqual({})
  })
})
